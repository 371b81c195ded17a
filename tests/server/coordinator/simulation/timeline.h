// The virtual time of a simulated history, what happens when, and chance.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_TIMELINE_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_TIMELINE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator::simulation {

// Of the true steady clock, from any start.
using Time = absl::Duration;

// One thread. The same seed and calls give the same history.
class Timeline {
 public:
  explicit Timeline(uint64_t seed) : random_(seed) {}

  bool Chance(double p) { return std::bernoulli_distribution(p)(random_); }
  double Uniform(double to) { return std::uniform_real_distribution(0.0, to)(random_); }

  VirtualClock& clock() { return clock_; }
  Time now() { return clock_.Steady(); }
  void AdvanceTo(Time time) {
    if (time > now()) clock_.Advance(time - now());
  }

  // `act` happens so many seconds from now, after what was to happen at that time already.
  void Later(double seconds, std::function<void()> act) {
    events_.emplace(std::pair(now() + absl::Seconds(seconds), ++order_), std::move(act));
  }
  Time next() const {
    return events_.empty() ? absl::InfiniteDuration() : events_.begin()->first.first;
  }
  // Lets the next event happen, at its time or, where that is past, now.
  void RunNext() {
    auto event = events_.extract(events_.begin());
    AdvanceTo(event.key().first);
    event.mapped()();
  }

 private:
  VirtualClock clock_;
  std::mt19937_64 random_;
  int64_t order_ = 0;
  std::map<std::pair<Time, int64_t>, std::function<void()>> events_;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_TIMELINE_H_
