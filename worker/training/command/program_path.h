// Which file a program's name means.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_PATH_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_PATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::command {

// The file of `program`, as execvp finds it, but never by a shell: one with a slash lies in
// `folder`, any other in a folder of `path` (as $PATH). NOT_FOUND or PERMISSION_DENIED say what to
// do. UNAVAILABLE: this machine cannot look there now.
absl::StatusOr<std::string> FindProgram(const std::string& program, const std::string& path,
                                        const std::string& folder);

// Why execve of what FindProgram gave failed with this errno. UNAVAILABLE: this machine cannot
// start it now, or it was removed meanwhile.
absl::Status ExecError(const std::string& file, int error);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_PATH_H_
