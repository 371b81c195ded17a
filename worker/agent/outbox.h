// Measurements and checkpoints on their way from a training to the coordinator.
#ifndef CAVIAR_WORKER_AGENT_OUTBOX_H_
#define CAVIAR_WORKER_AGENT_OUTBOX_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/measurement.pb.h"
#include "worker/agent/lease.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

// The observer of one attempt: the training puts measurements and checkpoints in without ever
// waiting, senders take them out. Thread safe.
//
// Measurements leave in order. At most `max_values` values wait; a training that brings more while
// the coordinator is away is stopped and has failed, because an attempt with a gap in its curve
// must not count.
//
// A checkpoint leaves after the measurements up to its step were stored. Only the newest one waits,
// beside the one that is on its way: so memory is bounded.
class Outbox final : public training::AttemptObserver {
 public:
  static constexpr int kMaxBatchValues = 1000;  // the protocol's limit for one report
  static constexpr int64_t kDefaultMaxValues = 1'000'000;

  struct Checkpoint {
    int64_t step = 0;  // the last one measured before it
    std::string bytes;
  };

  Outbox(const Lease& lease, int64_t max_values) : lease_(lease), max_values_(max_values) {}

  void OnMeasurement(const v1::Measurement& measurement) override;
  void OnCheckpoint(int64_t step, std::string checkpoint) override;
  bool StopRequested() const override { return stop_ || lease_.stop_requested(); }
  bool CheckpointRequested() const override { return lease_.checkpoint_requested(); }

  // Ends the training soon: its measurements are not taken, and so no checkpoints either.
  void Stop();
  bool overflowed() const;

  // The training is over: nothing more will come. `with_checkpoint`: the attempt will go on
  // elsewhere, from the one that waits or is on its way.
  void Close(bool with_checkpoint);

  // Blocks for the next measurements, of at most kMaxBatchValues values. They stay in the box until
  // Pop. Empty: closed, and everything was sent.
  std::vector<v1::Measurement> Next();
  // The `count` oldest measurements were stored.
  void Pop(size_t count);

  // Blocks for the next checkpoint, until it may leave, and takes it out. nullopt: none will come.
  std::optional<Checkpoint> NextCheckpoint();
  // Whether the one that was taken out is not worth its way any more: nobody will go on from it, or
  // it `failed` to get through for now and a newer one waits.
  bool GivesWay(bool failed) const;

 private:
  bool Ready() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !waiting_.empty(); }
  bool CheckpointReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Lease& lease_;
  const int64_t max_values_;
  std::atomic<bool> stop_ = false;
  mutable absl::Mutex mutex_;
  std::deque<v1::Measurement> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t values_ ABSL_GUARDED_BY(mutex_) = 0;  // in waiting_
  std::optional<Checkpoint> checkpoint_ ABSL_GUARDED_BY(mutex_);
  bool no_checkpoints_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_OUTBOX_H_
