// caviar_training_speed: trains as a worker's slot does, and measures. training_speed.py tells it
// what to do, a line of words on stdin for each thing, so that it can take turns with PyTorch:
//
//   train SETTINGS      starts a trial. Answers "ready"; then, after every "epoch", "speeds
//                       TRAINING WHOLE_EPOCH", in examples a second, until "stop"
//   profile SETTINGS SECONDS      answers "stack COUNT FRAMES" for each stack seen, then "end"
//   start SETTINGS      answers "start SECONDS", from the call of the trainer to the first update
//   two SETTINGS SECONDS          answers "two ALONE_FIRST ALONE_SECOND TOGETHER", in examples a
//                       second: one trial on each of two cores, and one on each at once
//   gemms SIZES BATCH SECONDS     answers "gemms NAME=EXAMPLES_PER_SECOND..."
//
// SETTINGS are as in fashion_mnist.h.
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/bench/call_stacks.h"
#include "tests/bench/epoch_watch.h"
#include "tests/bench/fashion_mnist.h"
#include "tests/bench/gemm_bound.h"
#include "worker/data/dataset.h"
#include "worker/training/batch_norm_network_trainer.h"

namespace caviar::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kManyEpochs = 100000;

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_training_speed: %s\n", message.c_str());
  std::exit(1);
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The next line of stdin; the end of stdin ends the program.
std::string NextLine() {
  std::string line;
  if (!std::getline(std::cin, line)) std::exit(0);
  return line;
}

// Counts until it is told to stop.
class Counter : public training::AttemptObserver {
 public:
  void OnMeasurement(const v1::Measurement& /*measurement*/) override {}
  void OnCheckpoint(int64_t /*step*/, std::string /*checkpoint*/) override {}
  bool CheckpointRequested() const override { return false; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}
  bool StopRequested() const override {
    updates.fetch_add(1, std::memory_order_relaxed);
    return stop.load(std::memory_order_relaxed);
  }
  mutable std::atomic<int64_t> updates = 0;
  std::atomic<bool> stop = false;
};

class Bench {
 public:
  Bench() : datasets_(kFolder), trainer_(datasets_) {
    const v1::Study study = FashionMnistStudy(1);
    const auto data = datasets_.Get(study.trainer().batch_norm_network().data(), 1);
    if (!data.ok()) Fail(std::string(data.status().message()));
    if ((*data)->train.rows() != kTrainingExamples) Fail("this is not Fashion-MNIST");
  }

  void Train(const std::string& settings) {
    const v1::Trial trial = TrialOf(settings);
    // All but the last one, which is the smaller one too.
    const double examples = (Updates(trial) - 1.0) * BatchSize(trial);
    EpochWatch watch(Updates(trial), nullptr, [&, first = true](const EpochTimes& times) mutable {
      if (first) {
        std::printf("ready\n");
      } else {
        std::printf("speeds %.1f %.1f\n", examples / times.updates_seconds,
                    kTrainingExamples / times.epoch_seconds);
      }
      std::fflush(stdout);
      first = false;
      return NextLine() == "epoch";
    });
    Run(trial, watch);
  }

  // Of the second epoch and those that follow, from the first update's start to the last one's.
  void Profile(const std::string& settings, double seconds) {
    const v1::Trial trial = TrialOf(settings);
    CallStacks stacks;
    bool warm = false;
    const auto start = Clock::now();
    EpochWatch watch(
        Updates(trial),
        [&](bool first) {
          if (first && warm) stacks.TurnOn();
          if (!first) stacks.TurnOff();
        },
        [&](const EpochTimes&) {
          warm = true;
          return SecondsSince(start) < seconds;
        });
    Run(trial, watch);
    stacks.TurnOff();
    for (const auto& [frames, count] : stacks.Counted()) {
      std::printf("stack %lld %s\n", static_cast<long long>(count), frames.c_str());
    }
    std::printf("end\n");
  }

  void Start(const std::string& settings) {
    const v1::Trial trial = TrialOf(settings);
    // The second time that it is asked, the first update is over.
    class FirstUpdate : public Counter {
     public:
      bool StopRequested() const override {
        if (Counter::StopRequested() || updates < 2) return false;
        seconds = SecondsSince(start);
        return true;
      }
      const Clock::time_point start = Clock::now();
      mutable double seconds = 0;
    };
    FirstUpdate observer;
    Run(trial, observer);
    std::printf("start %.9f\n", observer.seconds);
  }

  void Two(const std::string& settings, double seconds) {
    const v1::Trial trial = TrialOf(settings);
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof(allowed), &allowed);
    std::vector<int> cores;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &allowed)) cores.push_back(core);
    }
    if (cores.size() < 2) Fail("two trials at once need two cores");
    const double first = SpeedOn({cores[0]}, trial, seconds);
    const double second = SpeedOn({cores[1]}, trial, seconds);
    const double together = SpeedOn({cores[0], cores[1]}, trial, seconds);
    std::printf("two %.1f %.1f %.1f\n", first, second, together);
  }

  static void Gemms(const std::string& sizes, int batch, double seconds) {
    std::vector<int> numbers;
    for (const auto& size : absl::StrSplit(sizes, ':')) {
      if (!absl::SimpleAtoi(size, &numbers.emplace_back())) Fail(sizes + " are no sizes");
    }
    std::printf("gemms");
    for (const GemmSpeed& speed : MeasureGemms(numbers, batch, seconds)) {
      std::printf(" %s=%.1f", speed.library.c_str(), speed.examples_per_second);
    }
    std::printf("\n");
  }

 private:
  static int BatchSize(const v1::Trial& trial) {
    return static_cast<int>(trial.parameters().at("batch_size").int_value());
  }

  // Of an epoch. (A last batch of one example, which would join the one before, there is none.)
  static int Updates(const v1::Trial& trial) {
    return (kTrainingExamples + BatchSize(trial) - 1) / BatchSize(trial);
  }

  void Run(const v1::Trial& trial, training::AttemptObserver& observer) {
    const v1::Study study = FashionMnistStudy(kManyEpochs);
    const training::Outcome outcome = trainer_.Train({.study = study, .trial = trial}, observer);
    if (outcome.kind != training::Outcome::Kind::kStopped) Fail(outcome.message);
  }

  // Examples a second of one trial on each of `cores`, validation included.
  double SpeedOn(const std::vector<int>& cores, const v1::Trial& trial, double seconds) {
    std::vector<Counter> counters(cores.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < cores.size(); ++i) {
      threads.emplace_back([&, i] {
        cpu_set_t core;
        CPU_ZERO(&core);
        CPU_SET(cores[i], &core);
        sched_setaffinity(0, sizeof(core), &core);
        Run(trial, counters[i]);
      });
    }
    const auto total = [&] {
      int64_t updates = 0;
      for (const Counter& counter : counters) updates += counter.updates.load();
      return static_cast<double>(updates);
    };
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 4));
    const double before = total();
    const auto start = Clock::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const double speed = (total() - before) / SecondsSince(start);
    for (Counter& counter : counters) counter.stop = true;
    for (std::thread& thread : threads) thread.join();
    return speed * kTrainingExamples / Updates(trial);
  }

  data::DatasetCache datasets_;
  training::BatchNormNetworkTrainer trainer_;
};

int Main() {
  Bench bench;
  while (true) {
    std::istringstream words(NextLine());
    std::string verb, what;
    int batch = 0;
    double seconds = 0;
    words >> verb >> what;
    if (verb == "train") {
      bench.Train(what);
    } else if (verb == "profile" && words >> seconds) {
      bench.Profile(what, seconds);
    } else if (verb == "start") {
      bench.Start(what);
    } else if (verb == "two" && words >> seconds) {
      bench.Two(what, seconds);
    } else if (verb == "gemms" && words >> batch >> seconds) {
      Bench::Gemms(what, batch, seconds);
    } else {
      Fail("cannot do \"" + words.str() + "\"");
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace caviar::bench

int main() { return caviar::bench::Main(); }
