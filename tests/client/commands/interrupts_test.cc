#include "client/commands/interrupts.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/synchronization/notification.h"

namespace caviar::commands {
namespace {

TEST(Interrupts, ASignalCallsBackAndTheProcessLives) {
  for (const int number : {SIGINT, SIGTERM}) {
    absl::Notification interrupted;
    const auto guard = CatchInterrupts([&] { interrupted.Notify(); });
    ASSERT_EQ(kill(getpid(), number), 0);
    EXPECT_TRUE(interrupted.WaitForNotificationWithTimeout(absl::Seconds(30)));
  }
}

TEST(Interrupts, WithoutASignalNothingHappens) {
  bool called = false;
  CatchInterrupts([&] { called = true; }).reset();
  EXPECT_FALSE(called);
}

TEST(Interrupts, ASecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        absl::Notification first;
        const auto guard = CatchInterrupts([&] { first.Notify(); });
        kill(getpid(), SIGINT);
        first.WaitForNotification();
        kill(getpid(), SIGINT);
        absl::Notification never;
        never.WaitForNotification();
      },
      ::testing::ExitedWithCode(130), "");
}

TEST(Interrupts, AnIgnoredSignalStaysIgnored) {
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGINT, &ignore, &before);
  bool called = false;
  {
    const auto guard = CatchInterrupts([&] { called = true; });
    kill(getpid(), SIGINT);
  }
  EXPECT_FALSE(called);
  sigaction(SIGINT, &before, nullptr);
}

}  // namespace
}  // namespace caviar::commands
