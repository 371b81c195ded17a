#include "worker/training/command/gpus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace caviar::command {
namespace {

bool Never() { return false; }

TEST(Gpus, AreGivenToOneAtATime) {
  Gpus gpus({"0", "GPU-7", "2"});
  auto first = gpus.Take(2, Never);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->Names(), "0,GPU-7");
  const auto second = gpus.Take(1, Never);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->Names(), "2");
  const auto none = gpus.Take(0, Never);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ((*none)->Names(), "");
  std::atomic<bool> asked = false;
  std::thread waiting([&] {
    const auto third = gpus.Take(1, [&] {
      asked = true;
      return false;
    });
    ASSERT_TRUE(third.ok());
    EXPECT_EQ((*third)->Names(), "0");
  });
  while (!asked) std::this_thread::yield();
  first->reset();
  waiting.join();
}

TEST(Gpus, WhoWaitsCanBeStopped) {
  Gpus gpus({"0"});
  const auto first = gpus.Take(1, Never);
  EXPECT_EQ(gpus.Take(1, [] { return true; }).status().code(), absl::StatusCode::kCancelled);
}

TEST(Gpus, MoreThanThereAreIsRefused) {
  Gpus gpus({"0"});
  EXPECT_EQ(gpus.Take(2, Never).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Gpus, WhoNeedsManyIsNotPassedBy) {
  Gpus gpus({"0", "1"});
  auto first = gpus.Take(1, Never);
  std::atomic<bool> asked = false;
  std::thread many([&] {
    const auto both = gpus.Take(2, [&] {
      asked = true;
      return false;
    });
    EXPECT_EQ((*both)->Names(), "0,1");
  });
  while (!asked) std::this_thread::yield();
  // One is free, but it is not this one's turn.
  EXPECT_EQ(gpus.Take(1, [] { return true; }).status().code(), absl::StatusCode::kCancelled);
  first->reset();
  many.join();
}

}  // namespace
}  // namespace caviar::command
