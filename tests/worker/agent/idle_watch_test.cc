#include "worker/agent/idle_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "absl/synchronization/notification.h"

namespace caviar::agent {
namespace {

TEST(IdleWatch, TellsOfAWorkerThatNeverHadWork) {
  absl::Notification idle;
  const IdleWatch watch(absl::Milliseconds(1), [&] { idle.Notify(); });
  idle.WaitForNotification();
}

TEST(IdleTime, CountsFromTheEndOfTheLastWork) {
  const IdleTime::TimePoint start{std::chrono::hours(1)};
  IdleTime time(absl::Seconds(20), start);
  EXPECT_EQ(time.Over(), start + std::chrono::seconds(20));
  time.Begin();
  time.Begin();
  EXPECT_EQ(time.Over(), std::nullopt);
  time.End(start + std::chrono::minutes(5));
  EXPECT_EQ(time.Over(), std::nullopt) << "one piece of work is left";
  time.End(start + std::chrono::minutes(7));
  EXPECT_EQ(time.Over(), start + std::chrono::minutes(7) + std::chrono::seconds(20));
}

TEST(IdleWatch, TellsAfterTheLastWork) {
  absl::Notification idle;
  IdleWatch watch(absl::Milliseconds(1), [&] { idle.Notify(); });
  watch.Begin();
  watch.End();
  idle.WaitForNotification();
}

TEST(IdleWatch, ThatIsInfiniteTellsNothing) {
  IdleWatch watch(absl::InfiniteDuration(), [] { FAIL(); });
  watch.Begin();
  watch.End();
}

}  // namespace
}  // namespace caviar::agent
