#include "client/commands/interrupts.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/synchronization/notification.h"

namespace caviar::commands {
namespace {

// A shell's background jobs ignore SIGINT; whatever runs the tests, here that is as each says.
class Interrupts : public testing::Test {
 protected:
  Interrupts() { before_ = signal(SIGINT, SIG_DFL); }
  ~Interrupts() override { signal(SIGINT, before_); }

 private:
  sighandler_t before_;
};

TEST_F(Interrupts, ASignalCallsBackAndTheProcessLives) {
  for (const int number : {SIGINT, SIGTERM}) {
    absl::Notification interrupted;
    const auto guard = CatchInterrupts([&] { interrupted.Notify(); });
    ASSERT_EQ(kill(getpid(), number), 0);
    EXPECT_TRUE(interrupted.WaitForNotificationWithTimeout(absl::Seconds(30)));
  }
}

TEST_F(Interrupts, WithoutASignalNothingHappens) {
  bool called = false;
  CatchInterrupts([&] { called = true; }).reset();
  EXPECT_FALSE(called);
}

TEST_F(Interrupts, ASecondSignalEndsTheProcess) {
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

TEST_F(Interrupts, AnIgnoredSignalStaysIgnored) {
  signal(SIGINT, SIG_IGN);
  bool called = false;
  {
    const auto guard = CatchInterrupts([&] { called = true; });
    kill(getpid(), SIGINT);
  }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace caviar::commands
