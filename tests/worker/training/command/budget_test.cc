#include "worker/training/command/budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <string>
#include <thread>

namespace caviar::command {
namespace {

constexpr absl::StatusCode kOk = absl::StatusCode::kOk;
constexpr absl::StatusCode kCancelled = absl::StatusCode::kCancelled;

bool Never() { return false; }

v1::Resources Needs(double cpus, int64_t memory, int gpus = 0) {
  v1::Resources needs;
  needs.set_cpus(cpus);
  if (memory > 0) needs.mutable_memory()->set_bytes(memory);
  needs.set_gpus(gpus);
  return needs;
}

v1::Resources Gpus(int count) { return Needs(0, 0, count); }

// CANCELLED: it would have had to wait.
absl::StatusCode TryTake(Budget& budget, const v1::Resources& needs) {
  return budget.Take(needs, [] { return true; }).status().code();
}

// Takes on a thread of its own; when it is there, it waits, or has what it needs.
class Waiter {
 public:
  Waiter(Budget& budget, const v1::Resources& needs)
      : thread_([this, &budget, needs] {
          const auto share = budget.Take(needs, [this] {
            begun_ = true;
            return stop_.load();
          });
          code_ = share.status().code();
          if (share.ok()) gpus_ = (*share)->GpuNames();
          begun_ = true;
        }) {
    while (!begun_) std::this_thread::yield();
  }
  ~Waiter() {
    if (thread_.joinable()) Stop();
  }
  absl::StatusCode Stop() {
    stop_ = true;
    return Join();
  }
  absl::StatusCode Join() {
    thread_.join();
    return code_;
  }
  const std::string& gpus() const { return gpus_; }

 private:
  std::atomic<bool> begun_ = false;
  std::atomic<bool> stop_ = false;
  absl::StatusCode code_ = absl::StatusCode::kUnknown;
  std::string gpus_;
  std::thread thread_;
};

TEST(Budget, AGpuIsGivenToOneAtATime) {
  Budget budget({.gpus = {"0", "GPU-7", "2"}});
  auto first = budget.Take(Gpus(2), Never);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->GpuNames(), "0,GPU-7");
  const auto second = budget.Take(Gpus(1), Never);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->GpuNames(), "2");
  const auto none = budget.Take(Gpus(0), Never);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ((*none)->GpuNames(), "");
  Waiter third(budget, Gpus(1));
  first->reset();
  EXPECT_EQ(third.Join(), kOk);
  EXPECT_EQ(third.gpus(), "0");
}

TEST(Budget, MoreGpusThanThereAreAreRefused) {
  Budget budget({.gpus = {"0"}});
  EXPECT_EQ(budget.Take(Gpus(2), Never).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Budget, ProcessorsAndMemoryAreWaitedFor) {
  Budget budget({.cpus = 2.0, .memory = 100});
  auto first = budget.Take(Needs(1, 60), Never);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(TryTake(budget, Needs(1, 40)), kOk);
  EXPECT_EQ(TryTake(budget, Needs(1, 41)), kCancelled);
  EXPECT_EQ(TryTake(budget, Needs(1.5, 0)), kCancelled);
  Waiter second(budget, Needs(1, 41));
  first->reset();
  EXPECT_EQ(second.Join(), kOk);
  EXPECT_EQ(TryTake(budget, Needs(2, 100)), kOk) << "all of it was given back";
}

TEST(Budget, WhatIsNotNeededOrNotLimitedIsNotWaitedFor) {
  Budget budget({.cpus = 1.0, .memory = 100});
  const auto all = budget.Take(Needs(1, 100), Never);
  EXPECT_EQ(TryTake(budget, Needs(0, 0)), kOk);
  Budget unlimited({});
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const auto some = unlimited.Take(Needs(8, kMost), Never);
  EXPECT_EQ(TryTake(unlimited, Needs(8, kMost)), kOk);
}

TEST(Budget, PartsOfProcessorsAddUp) {
  Budget budget({.cpus = 0.3});
  const auto first = budget.Take(Needs(0.1, 0), Never);
  const auto second = budget.Take(Needs(0.1, 0), Never);
  EXPECT_EQ(TryTake(budget, Needs(0.1, 0)), kOk);
}

TEST(Budget, WhoNeedsMoreThanThereIsWaitsForAllOfIt) {
  Budget budget({.cpus = 2.0, .memory = 100});
  EXPECT_EQ(TryTake(budget, Needs(3, 200)), kOk);
  const auto some = budget.Take(Needs(0.5, 0), Never);
  EXPECT_EQ(TryTake(budget, Needs(3, 0)), kCancelled);
}

TEST(Budget, WhoNeedsMuchIsNotPassedBy) {
  Budget budget({.gpus = {"0", "1"}, .memory = 100});
  auto first = budget.Take(Needs(0, 60, 1), Never);
  Waiter much(budget, Needs(0, 90, 2));
  // There would be room, but it is what the one before waits for.
  EXPECT_EQ(TryTake(budget, Gpus(1)), kCancelled);
  EXPECT_EQ(TryTake(budget, Needs(0, 40)), kCancelled);
  first->reset();
  EXPECT_EQ(much.Join(), kOk);
  EXPECT_EQ(much.gpus(), "0,1");
}

TEST(Budget, WhoTakesNothingFromThoseBeforeGoesFirst) {
  Budget budget({.gpus = {"0"}, .cpus = 4.0, .memory = 100});
  const auto first = budget.Take(Needs(1, 60), Never);
  Waiter much(budget, Needs(2, 90));
  EXPECT_EQ(TryTake(budget, Needs(1, 0, 1)), kOk);
  EXPECT_EQ(TryTake(budget, Needs(2, 0)), kCancelled);
}

TEST(Budget, WhoWaitsCanBeStoppedAndIsNotWaitedFor) {
  Budget budget({.memory = 100});
  const auto first = budget.Take(Needs(0, 60), Never);
  Waiter second(budget, Needs(0, 90));
  EXPECT_EQ(TryTake(budget, Needs(0, 40)), kCancelled);
  EXPECT_EQ(second.Stop(), kCancelled);
  EXPECT_EQ(TryTake(budget, Needs(0, 40)), kOk);
}

}  // namespace
}  // namespace caviar::command
