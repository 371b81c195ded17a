// The coordinator's process: its core, its queue and its leases, until it is killed.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PROCESS_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PROCESS_H_

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/coordinator/core.h"
#include "tests/server/coordinator/simulation/disk.h"
#include "tests/server/coordinator/simulation/history.h"
#include "tests/server/coordinator/simulation/timeline.h"

namespace caviar::coordinator::simulation {

class Process : private Suggester {
 public:
  // `store` is what the core writes to, `clock` what it reads; both may be wrong on purpose.
  Process(Timeline& time, History& history, ForwardingStore& store, Clock& clock)
      : time_(time), history_(history), store_(store), clock_(clock) {}

  // Reads the store. An error: it could not.
  absl::Status Start();
  // kill -9: what was queued or parked is gone, and no answer comes any more.
  void Kill();
  bool up() const { return core_ != nullptr; }
  // Nothing is queued.
  bool idle() const { return queue_.empty(); }
  // It is stopped (SIGSTOP, a laptop that sleeps) for so many seconds.
  void Stall(double seconds);
  // Until when; zero: it runs.
  Time stalled_until() const { return stalled_until_; }

  void Post(Command command);
  // Decides and commits all that is queued, and what that queues; unless it is down or stalled.
  void Settle();
  // When it wants to be settled, by the true clock.
  Time next_wake() const {
    return up() ? std::max(next_wake_, stalled_until_) : absl::InfiniteDuration();
  }

  Core& core() { return *core_; }
  LeaseTable& leases() { return leases_; }
  Clock& clock() { return clock_; }

  // Called once after each kill that was not asked for: in a commit, or since the store is damaged.
  std::function<void()> on_died;
  // What lies on the disk below artifacts/; outlives kills.
  std::set<std::string> files;
  // Files that this process received: part of their names.
  int64_t uploads = 0;
  // Suggestions come late.
  bool slow_sampler = false;

 private:
  void Compute(SuggestionTask task, Deliver deliver) override;
  void RunOnce();

  Timeline& time_;
  History& history_;
  ForwardingStore& store_;
  Clock& clock_;
  LeaseTable leases_;
  Sightings sightings_;
  std::unique_ptr<Randomness> randomness_;
  std::unique_ptr<Core> core_;
  std::vector<Command> queue_;
  std::optional<absl::Status> fatal_;
  Time next_wake_;
  Time stalled_until_;
  Time stalled_since_;
  Time down_since_;
  int64_t starts_ = 0;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PROCESS_H_
