// The study file: YAML <-> the Study message.
//
// This room knows YAML, the messages of proto and the words that users of other tools bring along.
// It must never know the network, terminals or the rules of a good study: those are the
// coordinator's, which answers with field paths that FieldLines turns into lines of the file.
#ifndef CAVIAR_CLIENT_STUDY_FILE_STUDY_FILE_H_
#define CAVIAR_CLIENT_STUDY_FILE_STUDY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/study.pb.h"
#include "client/study_file/field_lines.h"

namespace caviar::study_file {

// A study file as it was read.
struct StudyFile {
  // "-" was read from standard input; only used in messages.
  std::string file_name;
  v1::Study study;
  FieldLines lines;
};

// Reads the text of a study file: at most 1 MiB of UTF-8, one YAML document of at most 100,000
// nodes with its aliases expanded. INVALID_ARGUMENT with everything that is wrong, one
// "FILE:LINE: FIELD: what, and what would be right" a line, by line number. What only the
// coordinator can judge (required fields, ranges, the trainer's settings) is not looked at.
absl::StatusOr<StudyFile> ParseStudyFile(absl::string_view text, absl::string_view file_name);

// A coordinator's complaint about a field, as ParseStudyFile would have written it. A field that is
// not in the file gets the line of the nearest one around it.
std::string DescribeViolation(const StudyFile& file, const v1::FieldViolation& violation);

// The definition of a study (not its state) as a study file, parameters in the study's order.
// Reading it again gives the same definition.
std::string WriteStudyFile(const v1::Study& study);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_STUDY_FILE_H_
