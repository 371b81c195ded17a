// Notices that a worker has had nothing to do for a while: --exit-when-idle.
#ifndef CAVIAR_WORKER_AGENT_IDLE_WATCH_H_
#define CAVIAR_WORKER_AGENT_IDLE_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/time/time.h"

namespace caviar::agent {

// When there has been nothing to do for long enough. It asks no clock. Not thread safe.
class IdleTime {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // `limit` is finite.
  IdleTime(absl::Duration limit, TimePoint now) : limit_(limit), idle_since_(now) {}
  // Around each piece of work.
  void Begin() { ++running_; }
  void End(TimePoint now) {
    --running_;
    idle_since_ = now;
  }
  // nullopt: while something runs.
  std::optional<TimePoint> Over() const {
    if (running_ > 0) return std::nullopt;
    return idle_since_ + absl::ToChronoNanoseconds(limit_);
  }

 private:
  const absl::Duration limit_;
  int running_ = 0;
  TimePoint idle_since_;
};

// Counts from its making, and from the end of the last work. A coordinator that is away is no
// excuse: whoever pays for the processors pays for them then too. Thread safe.
class IdleWatch {
 public:
  // Calls `idle` once, from a thread of its own, when nothing has run for `limit`; never where that
  // is infinite.
  IdleWatch(absl::Duration limit, std::function<void()> idle);
  ~IdleWatch();
  IdleWatch(const IdleWatch&) = delete;
  IdleWatch& operator=(const IdleWatch&) = delete;

  // Around each piece of work.
  void Begin();
  void End();

 private:
  void Run();

  const std::function<void()> idle_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  IdleTime time_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_IDLE_WATCH_H_
