// What a worker does about trouble of its own: a full disk, no processes, data out of reach.
#ifndef CAVIAR_WORKER_AGENT_TROUBLE_H_
#define CAVIAR_WORKER_AGENT_TROUBLE_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "client/api/backoff.h"

namespace caviar::agent {

// The slots of a worker share it, as they share its disk: once one could not do its work, none
// takes any for a while, then one alone, until its work goes well. What runs already goes on. It
// asks no clock. Thread safe.
class Trouble {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // Work that has run for so long goes well: trouble shows at its beginning, and a training may
  // take hours.
  static constexpr std::chrono::minutes kShowsWithin{1};

  // 0 < min_pause <= max_pause.
  Trouble(absl::Duration min_pause, absl::Duration max_pause, uint64_t seed)
      : pauses_(min_pause, max_pause, seed) {}

  // Whether the slot may ask for work. While there is trouble it may for one slot at a time, from
  // then on until that has had some.
  bool MayTake(int slot, TimePoint now);
  // The slot begins work.
  void Begin(int slot, TimePoint now);
  // It could not be done by this worker. How long none takes any; nullopt: that is known, from work
  // that began before.
  std::optional<absl::Duration> Note(int slot, TimePoint now);
  // It went well: the coordinator took its outcome, or it pauses. Whether there was some until now.
  bool Done(int slot);
  // It came to no end, as its lease did first, which says nothing unless it ran for long.
  void Cut(int slot, TimePoint now);

 private:
  // With mutex_ held.
  void End();
  void EndIfItRunsForLong(TimePoint now);

  std::mutex mutex_;  // guards all below
  client::Backoff pauses_;
  bool lasts_ = false;
  TimePoint until_;                 // of the pause
  std::optional<int> tries_;        // the slot that may take work after it
  std::optional<TimePoint> began_;  // when that began some
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_TROUBLE_H_
