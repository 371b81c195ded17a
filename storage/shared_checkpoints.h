// Checkpoints that lie in a folder that all workers share (Checkpoints.store of
// caviar/v1/command.proto): STORE/STUDY/TRIAL/ATTEMPT-step-N, each a file or a folder.
#ifndef CAVIAR_STORAGE_SHARED_CHECKPOINTS_H_
#define CAVIAR_STORAGE_SHARED_CHECKPOINTS_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace caviar::storage {

// One trial's.
struct SharedCheckpoints {
  std::string store;  // absolute
  std::string study;
  int32_t number = 0;
  std::set<std::pair<int32_t, int64_t>> keep;  // attempt and step
};

// Removes those that are not to be kept, unfinished ones too, and nothing else that lies there.
// Links are not followed. Where this machine does not see the store, there is nothing to do.
absl::Status RemoveOthers(const SharedCheckpoints& checkpoints);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_SHARED_CHECKPOINTS_H_
