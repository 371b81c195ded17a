// Looks what a program puts into its checkpoint folder, and hands it in.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_WATCHER_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_WATCHER_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "worker/training/command/attempt_log.h"
#include "worker/training/command/checkpoints.h"
#include "worker/training/command/curve.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Only the newest step-N with N <= the last measured step is handed in: what comes later waits
// until its step was measured, so that no measurement falls between a checkpoint and those before
// it.
//
// Owns its thread, on which it looks every second and after each measurement: to pack a large
// checkpoint takes a while. The public functions are for one other thread.
class CheckpointWatcher {
 public:
  // What it works with; all of it outlives it.
  struct Context {
    std::string folder;
    CheckpointKeeper& keeper;
    const Curve& curve;
    training::AttemptObserver& observer;
    AttemptLog& log;
  };

  // `last`: the step of the checkpoint that the attempt began with, -1: none.
  CheckpointWatcher(Context context, int64_t last);
  ~CheckpointWatcher() { Finish(/*hand_in=*/false); }
  CheckpointWatcher(const CheckpointWatcher&) = delete;
  CheckpointWatcher& operator=(const CheckpointWatcher&) = delete;

  // Something was measured.
  void Wake();
  // The program cannot go on: a checkpoint was too large.
  bool failed() const { return failed_; }
  std::string failure() const;

  // The program has ended. `hand_in`: what it left and was not handed in yet is, now.
  void Finish(bool hand_in);

 private:
  void Run();
  void Look();
  std::optional<int64_t> Newest(int64_t limit) const;
  void Refuse(const std::string& name, const char* why) const;
  void HandIn(int64_t step);
  bool ShouldLook() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_ || ending_; }

  const Context context_;
  int64_t last_;  // handed in; the thread's, then Finish's
  std::atomic<bool> failed_ = false;
  mutable absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::string failure_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CHECKPOINT_WATCHER_H_
