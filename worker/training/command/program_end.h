// What the end of a program means.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_END_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_END_H_

#include <cstdint>
#include <string>

#include "worker/training/command/process.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Exit codes with a meaning of their own; sysexits.h has them as EX_DATAERR and EX_TEMPFAIL.
inline constexpr int kExitInfeasible = 65;
inline constexpr int kExitRunAgain = 75;

// Of a program that the worker did not end. `last_line`: what it printed last; `last_step`: what it
// measured last; `max_memory` in bytes, 0: no limit.
training::Outcome ToOutcome(const Process::End& end, const std::string& last_line,
                            int64_t last_step, int64_t max_memory);

// Whether it looks as if somebody other than the worker sent it SIGTERM: batch systems send it to
// programs and worker alike.
bool WasTerminated(const Process::End& end);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_END_H_
