// Programs that the worker ends.
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/worker/training/command/command_fixture.h"

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StopTest : public CommandFixture {
 protected:
  StopTest() {
    // When the program is ready, it measures.
    seen_.on_measurement = [this](const v1::Measurement&) { seen_.stop = true; };
  }
};

TEST_F(StopTest, AProgramMayEndInOrder) {
  const Outcome outcome =
      Run("trap 'echo accuracy=2; exit 7' TERM; echo accuracy=1; while :; do sleep 0.05; done");
  EXPECT_EQ(outcome.kind, Kind::kStopped);
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 accuracy=1", "2 accuracy=2"));
}

TEST_F(StopTest, AProgramThatIgnoresItIsKilled) {
  command().mutable_stop_grace()->set_seconds(0);
  command().mutable_stop_grace()->set_nanos(100'000'000);
  const Outcome outcome =
      Run("trap '' TERM; echo pid=$$; echo accuracy=1; while :; do sleep 0.05; done");
  EXPECT_EQ(outcome.kind, Kind::kStopped);
  ASSERT_THAT(seen_.Numbers("pid"), testing::SizeIs(1));
  EXPECT_FALSE(IsAlive(seen_.Numbers("pid")[0]));
}

TEST_F(StopTest, ASignalFromElsewhereCountsWhenTheWorkerIsToStop) {
  seen_.on_measurement = nullptr;
  // A batch system ends all of a job; the worker hears it a little later.
  seen_.on_log = [this](const std::string& text) {
    if (text == "ending\n") seen_.pause = true;
  };
  EXPECT_EQ(Run("echo ending; kill -TERM $$").kind, Kind::kStopped);
}

// "Save, then exit": the code says nothing of who ended it.
TEST_F(StopTest, AnEndInOrderCountsAsAStopWhenTheWorkerIsToLeave) {
  seen_.on_measurement = nullptr;
  seen_.on_log = [this](const std::string& text) {
    if (text != "saving\n") return;
    seen_.pause = true;
    absl::SleepFor(absl::Milliseconds(300));  // it has ended when the worker looks again
  };
  EXPECT_EQ(Run("echo saving; exit 0").kind, Kind::kStopped);
}

TEST_F(StopTest, AnEndInOrderBeforeTheWorkerIsToLeaveCounts) {
  seen_.on_measurement = nullptr;
  seen_.on_log = [this](const std::string& text) {
    if (text == "done\n") seen_.pause = true;
  };
  // A line without an end is taken once the program's end is known.
  EXPECT_EQ(Run("printf done; exit 0").kind, Kind::kCompleted);
  EXPECT_TRUE(seen_.pause);
}

TEST_F(StopTest, AnEndInOrderAfterASignalToTheWholeJobWaitsForTheWorkers) {
  seen_.on_measurement = nullptr;
  std::thread batch_system;
  seen_.on_log = [&](const std::string& text) {
    if (text != "saving\n") return;
    batch_system = std::thread([&] {
      absl::SleepFor(absl::Milliseconds(500));
      seen_.pause = true;
    });
  };
  // Its parent is the supervisor.
  EXPECT_EQ(Run("kill -TERM $PPID; echo saving; exit 0").kind, Kind::kStopped);
  batch_system.join();
}

TEST_F(StopTest, AnEndInOrderAfterASignalThatWasNotTheWorkersCounts) {
  seen_.on_measurement = nullptr;
  EXPECT_EQ(Run("kill -TERM $PPID; exit 0").kind, Kind::kCompleted);
}

TEST_F(StopTest, ASignalFromElsewhereIsAFailureOtherwise) {
  seen_.on_measurement = nullptr;
  const Outcome outcome = Run("kill -TERM $$");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("signal 15"));
}

TEST_F(StopTest, ATimeLimitIsAFailure) {
  seen_.on_measurement = nullptr;
  command().mutable_time_limit()->set_nanos(200'000'000);
  const Outcome outcome = Run("trap 'exit 0' TERM; while :; do sleep 0.05; done");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_EQ(outcome.message, "ran longer than time_limit 200ms");
}

TEST_F(StopTest, AProgramWithinItsTimeLimitIsLeftAlone) {
  seen_.on_measurement = nullptr;
  command().mutable_time_limit()->set_seconds(3600);
  EXPECT_EQ(Run("echo accuracy=1").kind, Kind::kCompleted);
}

TEST_F(StopTest, WhoWaitsForGpusIsStopped) {
  options_.offer.gpus = {"0"};
  command().mutable_resources()->set_gpus(1);
  CommandTrainer trainer(options_);
  SetRun({"sh", "-c", "echo accuracy=1; sleep 1000"});
  Recorder other;
  Outcome waited;
  seen_.on_measurement = [&](const v1::Measurement&) {
    other.stop = true;
    waited = trainer.Train(work_, other);
    seen_.stop = true;
  };
  EXPECT_EQ(trainer.Train(work_, seen_).kind, Kind::kStopped);
  EXPECT_EQ(waited.kind, Kind::kStopped);
  EXPECT_EQ(other.log(), "");
}

}  // namespace
}  // namespace caviar::command
