// A program's checkpoint as the bytes that a coordinator keeps.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_FORMAT_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::command {

// "step-12" -> 12; nullopt: another name.
std::optional<int64_t> ParseStepName(absl::string_view name);
std::string StepName(int64_t step);
// Whether it is "step-" and digits, but no step's name: "step-01".
bool IsWrongStepName(absl::string_view name);

struct CheckpointHeader {
  enum class Place {
    kFile,    // its one file is behind the header, as an archive
    kFolder,  // what is in its folder is behind the header, as an archive
    kStored,  // it lies in the study's checkpoints.store
  };
  Place place = Place::kFile;
  int64_t step = 0;
  // kStored: where it lies in the store, and archive::Fingerprint of it.
  std::string path;
  std::string sha256;
};

std::string WriteCheckpointHeader(const CheckpointHeader& header);

struct ParsedCheckpoint {
  CheckpointHeader header;
  absl::string_view archive;  // a part of the bytes
};
// INVALID_ARGUMENT: these are not the bytes of a program's checkpoint.
absl::StatusOr<ParsedCheckpoint> ParseCheckpoint(absl::string_view bytes);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_FORMAT_H_
