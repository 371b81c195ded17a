// Processes and what they started, as /proc shows them.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_TREE_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace caviar::command {

// Both as of one look at a moving thing: what starts meanwhile may be missing.
std::vector<pid_t> ChildrenOf(pid_t parent);
// Children, their children, and so on; without `root`.
std::vector<pid_t> DescendantsOf(pid_t root);

// Whether these processes together take more than `limit` bytes. What several share counts once.
bool TakeMoreMemory(const std::vector<pid_t>& processes, int64_t limit);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_TREE_H_
