// Watches a training from the outside, as a worker does: what passes between the calls that a
// trainer makes.
#ifndef CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_
#define CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "worker/training/trainer.h"

namespace caviar::bench {

struct EpochTimes {
  // From the first update's start to the last one's.
  double updates_seconds = 0;
  // Of one epoch to the next: with validation, checkpoint and all else.
  double epoch_seconds = 0;
};

class EpochWatch : public training::AttemptObserver {
 public:
  using Clock = std::chrono::steady_clock;

  // `updates`: of an epoch, before each of which the trainer asks whether to stop. `on_edge` is
  // called before the first and the last one. `between_epochs` may take its time, which is not
  // counted, and says whether training goes on.
  EpochWatch(int updates, std::function<void(bool first)> on_edge,
             std::function<bool(const EpochTimes&)> between_epochs)
      : updates_(updates),
        on_edge_(std::move(on_edge)),
        between_epochs_(std::move(between_epochs)),
        epoch_start_(Clock::now()) {}

  void OnMeasurement(const v1::Measurement& /*measurement*/) override {
    const EpochTimes times = {Seconds(last_ - first_), Seconds(Clock::now() - epoch_start_)};
    seen_ = 0;
    stop_ = !between_epochs_(times);
    epoch_start_ = Clock::now();
  }

  void OnCheckpoint(int64_t /*step*/, std::string /*checkpoint*/) override {}

  bool StopRequested() const override {
    ++seen_;
    if (seen_ == 1) first_ = Clock::now();
    if (seen_ == updates_) last_ = Clock::now();
    if (on_edge_ && (seen_ == 1 || seen_ == updates_)) on_edge_(seen_ == 1);
    return stop_;
  }

  bool CheckpointRequested() const override { return false; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}

 private:
  static double Seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
  }

  const int updates_;
  const std::function<void(bool)> on_edge_;
  const std::function<bool(const EpochTimes&)> between_epochs_;
  Clock::time_point epoch_start_;
  bool stop_ = false;
  // Of this epoch. The interface's question is a const one.
  mutable int seen_ = 0;
  mutable Clock::time_point first_, last_;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_EPOCH_WATCH_H_
