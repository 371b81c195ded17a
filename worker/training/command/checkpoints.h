// Checkpoints of a program: from its folder to the bytes that are kept, and back.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINTS_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINTS_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "worker/training/command/checkpoint_store.h"
#include "worker/training/command/curve.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Keeps one attempt's checkpoints as the study's `checkpoints` say. Used by one thread.
class CheckpointKeeper {
 public:
  // Both outlive it.
  CheckpointKeeper(const training::AttemptWork& work, const Curve& curve);

  // The bytes to hand in for the file or folder at `path`: itself, or where the store has it now.
  // RESOURCE_EXHAUSTED: it is larger than the study allows.
  absl::StatusOr<std::string> Keep(const std::string& path, int64_t step);
  // Frees what the store has of this attempt and nobody will go on from. `in_use`: as
  // AttemptObserver::CheckpointsInUse.
  void RemoveOthers(const std::set<int64_t>& in_use);

 private:
  absl::StatusOr<std::string> KeepInStore(const std::string& path, int64_t step);

  const v1::Checkpoints& settings_;
  const Curve& curve_;
  const int64_t max_size_;
  std::optional<CheckpointStore> store_;
  // What it put into the store and did not remove. Others may lie there under this attempt's name:
  // those of a study that was deleted and whose name was given again.
  std::set<int64_t> put_;
};

struct RestoredCheckpoint {
  std::string path;  // FOLDER/step-N
  int64_t step = 0;
};
// Puts a checkpoint from such bytes into an empty folder. INVALID_ARGUMENT: they, or what they
// stand for, are damaged or gone. Any other error: they may be sound, but this worker cannot use
// them now.
absl::StatusOr<RestoredCheckpoint> RestoreCheckpoint(const std::string& bytes,
                                                     const v1::Study& study,
                                                     const std::string& folder);

// Whether the study's checkpoints are to have their best step kept.
bool KeepsBest(const v1::Study& study);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINTS_H_
