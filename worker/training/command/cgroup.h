// Control groups (cgroup v2): one for each attempt, where this process may make them.
//
// What is in a group cannot leave it, so that all of it can be killed at once, and the kernel holds
// it to its memory.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CGROUP_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CGROUP_H_

#include <atomic>
#include <cstdint>
#include <string>

namespace caviar::command {

// Thread safe.
class Cgroups {
 public:
  // Looks for this process's own group. Where its subtree is its to use, as systemd's Delegate=yes
  // gives it, and it is alone in there, it moves itself one level down, so that the groups beside
  // it can be held to a memory limit. `use` false: it makes none.
  explicit Cgroups(bool use);

  struct Group {
    std::string folder;  // empty: none can be made
    bool limits_memory = false;
  };
  // Makes one; `max_memory` in bytes, 0: no limit. Whoever is told of it removes it.
  Group Make(int64_t max_memory);

 private:
  std::string parent_;  // empty: there is none
  bool memory_ = false;
  std::atomic<int64_t> made_ = 0;
};

// Of a group's folder. All do nothing where it is "" or gone.
void KillAllIn(const std::string& folder);
// Whether the kernel killed something in there because of its limit.
bool HadOutOfMemory(const std::string& folder);
void RemoveGroup(const std::string& folder);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CGROUP_H_
