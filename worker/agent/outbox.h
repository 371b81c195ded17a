// Measurements, checkpoints and printed text on their way from a training to the coordinator.
#ifndef CAVIAR_WORKER_AGENT_OUTBOX_H_
#define CAVIAR_WORKER_AGENT_OUTBOX_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/measurement.pb.h"
#include "worker/agent/lease.h"
#include "worker/agent/log_box.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

// The observer of one attempt: the training puts measurements and checkpoints in without ever
// waiting (but in AwaitAnswers), senders take them out. Thread safe.
//
// Measurements leave in order. At most `max_values` values wait; a training that brings more while
// the coordinator is away is stopped and has failed, because an attempt with a gap in its curve
// must not count.
//
// A checkpoint leaves after the measurements up to its step were stored. Beside the one that is on
// its way two wait: the newest, and the oldest that came since. Were there the newest alone, steps
// that are shorter than the way of a report would replace it each time before it may leave.
class Outbox final : public training::AttemptObserver {
 public:
  static constexpr int kMaxBatchValues = 1000;  // the protocol's limit for one report
  static constexpr int64_t kDefaultMaxValues = 1'000'000;

  struct Checkpoint {
    int64_t step = 0;  // the last one measured before it
    std::string bytes;
  };

  Outbox(const Lease& lease, int64_t max_values, const LogBox::Options& log = LogBox::Options())
      : lease_(lease), max_values_(max_values), log_(log) {}

  void OnMeasurement(const v1::Measurement& measurement) override;
  void OnCheckpoint(int64_t step, std::string checkpoint) override;
  bool StopRequested() const override { return stop_ || lease_.stop_requested(); }
  std::set<int64_t> CheckpointsInUse() const override;
  bool CheckpointRequested() const override { return lease_.checkpoint_requested(); }
  void OnLog(absl::string_view text) override { log_.Add(text); }
  void AwaitAnswers(absl::Duration at_most) override;

  LogBox& log() { return log_; }

  // Ends the training soon: its measurements are not taken, and so no checkpoints either.
  void Stop();
  bool overflowed() const;

  // The training is over: nothing more will come. `with_checkpoint`: the attempt will go on
  // elsewhere, from the one that waits or is on its way.
  void Close(bool with_checkpoint);

  // Blocks for the next measurements, of at most kMaxBatchValues values. They stay in the box until
  // Pop. Empty: closed, and everything was sent.
  std::vector<v1::Measurement> Next();
  // The `count` oldest measurements were stored, and the lease knows what was answered.
  void Pop(size_t count);

  // Blocks for the next checkpoint, until it may leave, and takes it out: the newest one that may;
  // after Close only the newest of all. nullopt: none will come.
  std::optional<Checkpoint> NextCheckpoint();
  // The one that was taken out is stored.
  void CheckpointStored();
  // Whether the one that was taken out is not worth its way any more: nobody will go on from it, or
  // it `failed` to get through for now and a newer one waits. One that is sent at once never gives
  // way to that, which would cost as much: only its own answer tells whether it arrived.
  bool GivesWay(bool failed) const;

 private:
  // Both with mutex_ held.
  bool MayLeave(const Checkpoint& checkpoint) const;
  bool CheckpointReady() const;

  const Lease& lease_;
  const int64_t max_values_;
  std::atomic<bool> stop_ = false;
  LogBox log_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<v1::Measurement> waiting_;
  int64_t values_ = 0;    // in waiting_
  int64_t taken_in_ = 0;  // measurements, or pieces of them, that ever waited
  int64_t answered_ = 0;  // of these
  // The checkpoint that was last stored, and the one that is on its way, or may have arrived.
  std::optional<int64_t> stored_step_;
  std::optional<int64_t> sent_step_;
  bool sent_at_once_ = false;
  // The checkpoints that wait; newest_ only beside oldest_, and newer.
  std::optional<Checkpoint> oldest_;
  std::optional<Checkpoint> newest_;
  bool no_checkpoints_ = false;
  bool closed_ = false;
  bool overflowed_ = false;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_OUTBOX_H_
