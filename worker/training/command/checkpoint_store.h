// Checkpoints in a folder that all workers share.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_STORE_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_STORE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::command {

// The part of the store that is one attempt's: STORE/STUDY/TRIAL/ATTEMPT-step-N, each a file or a
// folder as the program wrote it.
class CheckpointStore {
 public:
  CheckpointStore(std::string store, const std::string& study, int32_t trial, int32_t attempt);

  struct Stored {
    std::string path;    // in the store
    std::string sha256;  // archive::Fingerprint
  };
  // Copies the file or folder `source` under a name of its own; it is whole before it has its final
  // one. UNAVAILABLE: what the disk says.
  absl::StatusOr<Stored> Put(const std::string& source, int64_t step);

  void Remove(int64_t step);

 private:
  std::string NameOf(int64_t step) const;

  const std::string store_;
  const std::string folder_;  // STUDY/TRIAL
  const int32_t attempt_;
};

// Copies what lies at `stored.path` of the store, in whichever attempt's part, to `target`, which
// is not there and is called step-N. INVALID_ARGUMENT: it is gone, or not what was stored.
// UNAVAILABLE: what a disk says, or the store is not to be seen from here.
absl::Status FetchStored(const std::string& store, const CheckpointStore::Stored& stored,
                         const std::string& target);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_STORE_H_
