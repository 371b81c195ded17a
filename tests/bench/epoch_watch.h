// Watches a training from the outside, as a worker does: what an epoch takes is what passes between
// the calls that every trainer makes.
#ifndef CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_
#define CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_

#include <chrono>
#include <functional>
#include <utility>

#include "worker/training/trainer.h"

namespace caviar::bench {

struct EpochTimes {
  // From the epoch's start, when its order is drawn, to the end of its last update.
  double training_seconds = 0;
  // With validation and all else.
  double epoch_seconds = 0;
};

class EpochWatch : public training::AttemptObserver {
 public:
  using Clock = std::chrono::steady_clock;

  // `updates`: of an epoch. `on_update` is called after the last update of an epoch;
  // `between_epochs` may take its time, which is not counted, and says whether training goes on.
  EpochWatch(int updates, std::function<void()> on_last_update,
             std::function<bool(const EpochTimes&)> between_epochs)
      : updates_(updates),
        on_last_update_(std::move(on_last_update)),
        between_epochs_(std::move(between_epochs)),
        start_(Clock::now()) {}

  void OnMeasurement(const v1::Measurement& /*measurement*/) override {
    const auto end = Clock::now();
    const EpochTimes times = {std::chrono::duration<double>(trained_ - start_).count(),
                              std::chrono::duration<double>(end - start_).count()};
    seen_ = 0;
    stop_ = !between_epochs_(times);
    start_ = Clock::now();
  }

  bool StopRequested() const override {
    if (++seen_ == updates_) {
      trained_ = Clock::now();
      if (on_last_update_) on_last_update_();
    }
    return stop_;
  }

 private:
  const int updates_;
  const std::function<void()> on_last_update_;
  const std::function<bool(const EpochTimes&)> between_epochs_;
  Clock::time_point start_;
  bool stop_ = false;
  // Of this epoch. The interface's question is a const one.
  mutable int seen_ = 0;
  mutable Clock::time_point trained_;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_
