// A process between the worker and the user's program, so that nothing that the program started
// outlives it, and it does not outlive the worker.
//
// The worker starts its own executable again in this role. It is the reaper of all below it
// (PR_SET_CHILD_SUBREAPER): what a program leaves behind, daemons included, becomes its child, and
// it kills its children until there are none. When the worker dies in whatever way, their socket
// closes, and it does the same.
//
// It speaks with the worker by a socket, its file 3:
//   worker:     size:text "\n" spec{size}   what to run (program_spec.h); then
//               "T"                         SIGTERM to all
//               "K"                         SIGKILL to all
//   supervisor: "failed" where errno "\n"   the program could not be started: where = "exec",
//                                           "process" (to have one for it), "folder" (to go there)
//                                           or "cgroup" (to be put there)
//             | "started\n"
//               "ended" status memory signalled "\n"
//                                           nothing is left; status as of waitpid; memory 1: it
//                                           took more than it may; signalled 1: somebody sent
//                                           SIGTERM to the supervisor
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_SUPERVISOR_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_SUPERVISOR_H_

#include <optional>

namespace caviar::command {

inline constexpr char kSupervisorFlag[] = "--supervise-program";
inline constexpr int kSupervisorSocket = 3;

// The main function of every program that has a CommandTrainer calls this before anything else,
// and ends with the exit code where there is one.
std::optional<int> RunSupervisor(int argc, char** argv);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_SUPERVISOR_H_
