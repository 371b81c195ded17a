#include "worker/agent/idle_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "absl/synchronization/notification.h"

namespace caviar::agent {
namespace {

TEST(IdleWatch, TellsOfAWorkerThatNeverHadWork) {
  absl::Notification idle;
  const IdleWatch watch(absl::Milliseconds(1), [&] { idle.Notify(); });
  idle.WaitForNotification();
}

TEST(IdleWatch, CountsFromTheEndOfTheLastWork) {
  constexpr auto kLimit = std::chrono::milliseconds(20);
  std::atomic<bool> running = true;
  std::chrono::steady_clock::time_point when;
  absl::Notification idle;
  // It is made busy before the limit is over, or else there is nothing to see.
  const auto start = std::chrono::steady_clock::now();
  IdleWatch watch(absl::FromChrono(kLimit), [&] {
    EXPECT_FALSE(running);
    when = std::chrono::steady_clock::now();
    idle.Notify();
  });
  watch.Begin();
  watch.Begin();
  if (std::chrono::steady_clock::now() - start > kLimit) GTEST_SKIP() << "the machine is too busy";
  watch.End();
  // Longer than the limit, with one piece of work left.
  while (std::chrono::steady_clock::now() - start < 3 * kLimit) {
  }
  EXPECT_FALSE(idle.HasBeenNotified());
  running = false;
  const auto end = std::chrono::steady_clock::now();
  watch.End();
  idle.WaitForNotification();
  EXPECT_GE(when - end, kLimit);
}

TEST(IdleWatch, ThatIsInfiniteTellsNothing) {
  IdleWatch watch(absl::InfiniteDuration(), [] { FAIL(); });
  watch.Begin();
  watch.End();
}

}  // namespace
}  // namespace caviar::agent
