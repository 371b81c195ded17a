// A worker's view of one lease: whether it stands, whether it may be used, whether to stop.
#ifndef CAVIAR_WORKER_AGENT_LEASE_H_
#define CAVIAR_WORKER_AGENT_LEASE_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/time/time.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::agent {

// A monotonic clock that counts suspended time too, from any start. Thread safe.
using SteadyClock = std::function<absl::Duration()>;

// The worker's own deadline counts from the sending of its last answered Renew; before the first,
// from when the grant came in. Past 80 % of the TTL the attempt is fenced: training goes on, but
// nothing except Renew is sent until the coordinator has said whether the lease stands.
//
// Thread safe: shared by the slot that trains, the thread that sends, and the one that renews.
class Lease {
 public:
  enum class State {
    kHeld,
    kLost,      // the coordinator said so; nothing of the attempt will be taken
    kReleased,  // given up by this worker, which is leaving
  };
  static constexpr double kFencedFraction = 0.8;

  Lease(v1::FencingToken token, absl::Duration ttl, SteadyClock clock);

  const v1::FencingToken& token() const { return token_; }
  State state() const { return state_; }
  bool ended() const { return state_ != State::kHeld; }
  // Ended, about to be given back, or the coordinator's directive was to stop. An atomic read.
  bool stop_requested() const { return stop_; }
  // The worker is leaving, or the trial is to pause: the training is to hand in a checkpoint and to
  // stop, and the lease stands until that is sent. Not where nobody will go on: after a directive
  // to stop, or without the lease. An atomic read.
  bool checkpoint_requested() const { return checkpoint_; }
  bool Fenced() const;

  // A Renew sent at `sent_at` was answered: it stands.
  void Renewed(absl::Duration sent_at, absl::Duration ttl);
  void Lose();
  // A call makes it look as if it did not stand, but such a call does not decide it: fenced, until
  // a Renew is answered.
  void Doubt();
  // The directive was to stop: the lease still stands, the training ends.
  void Stop();
  // Asks the training for a checkpoint and to stop, unless it is to stop anyway.
  void RequestCheckpoint();
  // The directive was to pause: the same.
  void Pause();
  bool pausing() const { return pausing_; }

  // The training is over and its outcome is about to be sent: Release leaves it alone from now on.
  void BeginOutcome();
  // Gives it up, unless it has ended or its outcome is being sent. Whether it did.
  bool Release();
  // Gives it up in any case: there is no time left.
  void Abandon();

  // Blocks while fenced. False: the lease has ended.
  bool AwaitSendable();
  // Blocks for `delay`, or until the lease ends; then false.
  bool Sleep(absl::Duration delay);

 private:
  // All with mutex_ held.
  bool FencedLocked() const;
  void StopLocked();
  void EndLocked(State state);

  const v1::FencingToken token_;
  const SteadyClock clock_;
  std::atomic<State> state_ = State::kHeld;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> checkpoint_ = false;
  std::atomic<bool> pausing_ = false;
  // The standard library's, here and in all that waits for a time: Abseil's waits end by the wall
  // clock, which may jump.
  mutable std::mutex mutex_;  // guards all below, and changes of what is atomic
  std::condition_variable changed_;
  absl::Duration counts_from_;
  absl::Duration ttl_;
  bool outcome_begun_ = false;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_LEASE_H_
