// The environment of the user's program, made from nothing.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_ENVIRONMENT_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_ENVIRONMENT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/command.pb.h"
#include "worker/training/command/substitution.h"

namespace caviar::command {

using Environment = std::map<std::string, std::string>;

// This process's own.
Environment OwnEnvironment();

// In this order, later ones over earlier ones: of `own` what every program needs to find itself
// (PATH, HOME, USER, the locale and time zone, TMPDIR, LD_LIBRARY_PATH, an activated virtual
// environment, and Slurm's job, so that srun works in it) and what pass_env names; the study's env;
// `given`. Of Caviar's own variables (CAVIAR_TOKEN!) nothing but those of `given`. A variable that
// names an inactive parameter is left out. INVALID_ARGUMENT: as Substitution.
absl::StatusOr<Environment> MakeEnvironment(const Environment& own, const v1::Command& command,
                                            const Substitution& substitution,
                                            const Environment& given);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_ENVIRONMENT_H_
