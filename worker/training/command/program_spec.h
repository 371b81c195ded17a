// What a supervisor is told to run, on its way to it.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_SPEC_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_SPEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::command {

struct ProgramSpec {
  std::string file;                      // what is executed
  std::vector<std::string> arguments;    // the first is the program's own name
  std::vector<std::string> environment;  // NAME=value
  std::string folder;                    // is current when it starts
  // A folder of cgroup v2 that the program is put in; the supervisor kills what is in there at the
  // end, and removes it. Empty: there is none.
  std::string cgroup;
  // The supervisor ends a program that, with all it started, takes more memory. In bytes; 0: no
  // limit, or the cgroup's.
  int64_t max_memory = 0;
};

// INVALID_ARGUMENT: a text with a NUL, which no program can be given.
absl::StatusOr<std::string> Serialize(const ProgramSpec& spec);
// INVALID_ARGUMENT: not what Serialize gave.
absl::StatusOr<ProgramSpec> ParseProgramSpec(absl::string_view text);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_SPEC_H_
