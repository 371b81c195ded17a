// What is fuzzed: every decoder that does more with foreign bytes than protobuf does.
//
// A target takes any bytes. It aborts (or lets a sanitizer do it) where a decoder crashes, believes
// what it should not, or answers without the words that its header promises.
#ifndef CAVIAR_TESTS_FUZZ_TARGETS_H_
#define CAVIAR_TESTS_FUZZ_TARGETS_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::fuzz {

void Archive(absl::string_view bytes);     // code that is unpacked; before it is compressed
void Backup(absl::string_view bytes);      // a backup to be restored, its checksums put right
void StudyFile(absl::string_view bytes);   // a study file; what was read is written and read again
void Constraint(absl::string_view bytes);  // the text of a linear constraint
void Csv(absl::string_view bytes);         // a CSV file; the first byte says how it is read
void Idx(absl::string_view bytes);         // images; the first byte says how many labels there are
void Npy(absl::string_view bytes);         // an array of inputs, or of labels
void Npz(absl::string_view bytes);         // an archive of arrays
void TrainingCheckpoint(absl::string_view bytes);  // a checkpoint, its checksum put right
void Request(absl::string_view bytes);             // the first byte is a request's type
void Study(absl::string_view bytes);               // the messages of a study that is to be created
void TrialPage(absl::string_view bytes);           // filter, order and token of a page of trials

struct Target {
  absl::string_view name;  // and its folder below corpus/
  void (*run)(absl::string_view bytes);
};

std::vector<Target> AllTargets();

}  // namespace caviar::fuzz

#endif  // CAVIAR_TESTS_FUZZ_TARGETS_H_
