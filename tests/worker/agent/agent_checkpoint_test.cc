// The agent and checkpoints: handed in, sent in order, gone on from, and when the worker leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "tests/worker/agent/agent_fixture.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class AgentCheckpointTest : public AgentTest {
 protected:
  // A training that hands in a checkpoint when it is asked for one.
  static Outcome TrainUntilAsked(AttemptObserver& observer, int64_t step,
                                 const std::string& checkpoint) {
    while (!observer.StopRequested()) std::this_thread::yield();
    if (observer.CheckpointRequested()) observer.OnCheckpoint(step, checkpoint);
    return OutcomeOf(Outcome::Kind::kStopped);
  }
};

TEST_F(AgentCheckpointTest, AreStoredAfterTheMeasurementsUpToThem) {
  absl::Notification saved;
  trainer_.train = [&](const AttemptWork& work, AttemptObserver& observer) {
    EXPECT_EQ(work.checkpoint, nullptr);
    observer.OnMeasurement(At(1));
    observer.OnMeasurement(At(2));
    observer.OnCheckpoint(2, "after two");
    saved.WaitForNotification();
    observer.OnMeasurement(At(3));
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitEvent("checkpoint 2: after two");
  saved.Notify();
  work_.AwaitFinish();
  EXPECT_THAT(work_.events(),
              ElementsAre("step 1", "step 2", "checkpoint 2: after two", "step 3", "finish"));
}

TEST_F(AgentCheckpointTest, NeitherDelayMeasurementsNorFailTheTrial) {
  work_.FailCheckpoints(absl::UnavailableError("not now"));
  absl::Notification tried, passed;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    observer.OnCheckpoint(1, "one");
    tried.WaitForNotification();
    observer.OnMeasurement(At(2));
    passed.WaitForNotification();
    EXPECT_FALSE(observer.StopRequested());
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitCheckpointTries(2);
  tried.Notify();
  work_.AwaitSteps(2);
  passed.Notify();
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_THAT(work_.events(), ElementsAre("step 1", "step 2", "finish"));
}

TEST_F(AgentCheckpointTest, LargeOnesGiveWayToNewerOnesAndTheNextIsTriedAfterARefusal) {
  work_.FailCheckpoints(absl::UnavailableError("not now"));
  absl::Notification tried, refused, stored;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    observer.OnCheckpoint(1, std::string(client::kChunkBytes + 1, '1'));
    tried.WaitForNotification();
    observer.OnCheckpoint(1, "two");
    observer.OnCheckpoint(1, "three");
    refused.WaitForNotification();
    observer.OnCheckpoint(1, "four");
    stored.WaitForNotification();
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitCheckpointTries(1);
  work_.FailCheckpoints(absl::FailedPreconditionError("no"));
  tried.Notify();
  work_.AwaitCheckpointTries(2);
  work_.FailCheckpoints(absl::OkStatus());
  refused.Notify();
  work_.AwaitEvent("checkpoint 1: four");
  stored.Notify();
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
}

TEST_F(AgentCheckpointTest, OneThatMayHaveArrivedIsInUseUntilThatIsKnown) {
  absl::Notification first, tried, second, last;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnCheckpoint(0, "zero");
    first.WaitForNotification();
    observer.OnCheckpoint(1, "one");
    tried.WaitForNotification();
    observer.OnCheckpoint(2, "two");
    EXPECT_THAT(observer.CheckpointsInUse(), ElementsAre(0, 1, 2));
    second.Notify();
    last.WaitForNotification();
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitEvent("checkpoint 0: zero");
  work_.FailCheckpoints(absl::UnavailableError("the answer is lost"));
  first.Notify();
  work_.AwaitCheckpointTries(1);
  tried.Notify();
  second.WaitForNotification();
  work_.AwaitCheckpointTries(3);
  work_.FailCheckpoints(absl::OkStatus());
  work_.AwaitEvent("checkpoint 2: two");
  last.Notify();
  work_.AwaitFinish();
  EXPECT_THAT(work_.events(), ElementsAre("checkpoint 0: zero", "checkpoint 1: one",
                                          "checkpoint 2: two", "finish"));
}

TEST_F(AgentCheckpointTest, AreOfNoUseOnceTheTrainingIsOver) {
  work_.FailCheckpoints(absl::UnavailableError("not now"));
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    observer.OnCheckpoint(1, "never stored");
    Outcome outcome;
    outcome.weights = "weights";
    return outcome;
  };
  Start();
  work_.Grant(1);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_THAT(work_.events(), ElementsAre("step 1", "weights", "finish"));
}

TEST_F(AgentCheckpointTest, ALeavingWorkerSendsThemBeforeItGivesItsWorkBack) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    observer.OnMeasurement(At(work.trial.number()));
    return TrainUntilAsked(observer, work.trial.number(),
                           absl::StrCat("of trial ", work.trial.number()));
  };
  Start(/*slots=*/3);
  work_.Grant(1);
  work_.Grant(2);
  work_.AwaitSteps(2);
  StopAgent();
  std::vector<int64_t> given_back = work_.AwaitGivenBack();
  for (const int64_t counter : work_.AwaitGivenBack()) given_back.push_back(counter);
  EXPECT_THAT(given_back, testing::UnorderedElementsAre(101, 102));
  const std::vector<std::string> events = work_.events();
  ASSERT_EQ(events.size(), 6u);
  EXPECT_THAT(events,
              testing::IsSupersetOf({"checkpoint 1: of trial 1", "checkpoint 2: of trial 2"}));
  EXPECT_EQ(events.back(), "give back");
  EXPECT_TRUE(work_.nothing_finished());
  EXPECT_TRUE(work_.nothing_given_back());
}

TEST_F(AgentCheckpointTest, WhatIsNotStoredInTimeIsGivenBackWithoutIt) {
  // Long enough for the give back at its end on a machine that stalls.
  grace_ = absl::Seconds(3);
  work_.FailCheckpoints(absl::UnavailableError("not now"));
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    return TrainUntilAsked(observer, 0, "never stored");
  };
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  StopAgent();
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_EQ(request.unusable_checkpoint(), "");
  EXPECT_THAT(work_.events(), ElementsAre("give back"));
}

TEST_F(AgentCheckpointTest, WhatIsNotStoredInTimeIsGivenBackOnceItIsTaken) {
  grace_ = absl::Seconds(3);
  work_.FailCheckpoints(absl::UnauthenticatedError("who?"));
  std::atomic<int> tries = 0;
  work_.coordinator.give_back_work = [&](const auto&) -> absl::StatusOr<v1::GiveBackWorkResponse> {
    switch (++tries) {
      case 1:
        return absl::UnauthenticatedError("who?");
      case 2:
        return absl::CancelledError("");  // gRPC says it while the coordinator shuts down
      case 3:
        return absl::DeadlineExceededError("");
    }
    return v1::GiveBackWorkResponse();
  };
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    return TrainUntilAsked(observer, 0, "never stored");
  };
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  StopAgent();
  EXPECT_EQ(tries, 4);
  EXPECT_TRUE(all_given_back_);
}

TEST_F(AgentCheckpointTest, ATrainingThatEndsWhileTheWorkerLeavesSendsItsOutcome) {
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    while (!observer.CheckpointRequested()) std::this_thread::yield();
    observer.OnMeasurement(At(1));
    Outcome outcome;
    outcome.weights = "weights";
    return outcome;
  };
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  StopAgent();
  EXPECT_THAT(work_.events(), ElementsAre("step 1", "weights", "finish"));
}

TEST_F(AgentCheckpointTest, ADirectiveToStopNeedsNone) {
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    while (!observer.StopRequested()) std::this_thread::yield();
    EXPECT_FALSE(observer.CheckpointRequested());
    return OutcomeOf(Outcome::Kind::kStopped);
  };
  Start();
  work_.Grant(1);
  work_.Direct(v1::DIRECTIVE_STOP);
  EXPECT_TRUE(work_.AwaitFinish().has_stopped());
}

TEST_F(AgentCheckpointTest, ALostLeaseSendsNone) {
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    while (!observer.StopRequested()) std::this_thread::yield();
    EXPECT_FALSE(observer.CheckpointRequested());
    observer.OnCheckpoint(0, "too late");
    return OutcomeOf(Outcome::Kind::kStopped);
  };
  Start();
  work_.Grant(1);
  work_.Take(1);
  work_.coordinator.AwaitParked();  // it polls again
  EXPECT_THAT(work_.events(), IsEmpty());
}

TEST_F(AgentCheckpointTest, AreGoneOnFrom) {
  const std::string checkpoint = std::string(2 << 20, 'c') + "end";
  work_.set_file(checkpoint, v1::Artifact::CHECKPOINT);
  trainer_.train = [&](const AttemptWork& work, AttemptObserver& observer) {
    EXPECT_TRUE(work.checkpoint != nullptr && *work.checkpoint == checkpoint);
    observer.OnMeasurement(At(4));
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, checkpoint));
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_THAT(work_.steps(), ElementsAre(4));
}

TEST_F(AgentCheckpointTest, ADamagedOneIsGivenBackWithTheReason) {
  work_.set_file("damaged", v1::Artifact::CHECKPOINT);
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    EXPECT_EQ(work.trial.number(), 2);
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, "whole ones"));
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_THAT(request.unusable_checkpoint(), HasSubstr("the coordinator's file ends at 7"));
  work_.Grant(2);
  EXPECT_TRUE(work_.AwaitFinish().has_completed()) << "the worker goes on";
}

TEST_F(AgentCheckpointTest, AMissingOneIsGivenBackWithTheReason) {
  work_.coordinator.download_chunk = [](const auto&) -> absl::StatusOr<v1::DownloadChunkResponse> {
    return absl::NotFoundError("no such file");
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, "gone"));
  EXPECT_THAT(work_.AwaitGiveBack().unusable_checkpoint(), HasSubstr("no such file"));
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentCheckpointTest, OneThatTheTrainerRefusesIsGivenBackWithTheReason) {
  work_.set_file("of another format", v1::Artifact::CHECKPOINT);
  trainer_.train = [](const AttemptWork&, AttemptObserver&) {
    Outcome outcome = OutcomeOf(Outcome::Kind::kUnusableCheckpoint);
    outcome.message = "format 7, not 3 \xFF";
    return outcome;
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, "of another format"));
  EXPECT_EQ(work_.AwaitGiveBack().unusable_checkpoint(), "format 7, not 3 ?");
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentCheckpointTest, OneThatThisWorkerCannotUseIsGivenBackWithoutBlame) {
  work_.set_file("sound", v1::Artifact::CHECKPOINT);
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    Outcome outcome = OutcomeOf(Outcome::Kind::kWorkerTrouble);
    outcome.message = "it has no room";
    return work.checkpoint == nullptr ? Outcome() : outcome;
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, "sound"));
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_EQ(request.unusable_checkpoint(), "");
  EXPECT_EQ(request.worker_trouble(), "it has no room");
  EXPECT_TRUE(work_.nothing_finished());
  work_.Grant(2);
  EXPECT_TRUE(work_.AwaitFinish().has_completed()) << "the worker goes on";
}

TEST_F(AgentCheckpointTest, OneThatTheCoordinatorCannotReadNowIsGivenBackWithoutBlame) {
  const std::vector<absl::Status> errors = {absl::InternalError("too many open files"),
                                            absl::ResourceExhaustedError("too large"),
                                            absl::FailedPreconditionError("not now")};
  work_.coordinator.download_chunk =
      [&](const auto& request) -> absl::StatusOr<v1::DownloadChunkResponse> {
    return errors[request.artifact().trial()];
  };
  Start();
  for (int32_t number = 0; number < static_cast<int32_t>(errors.size()); ++number) {
    work_.Grant(FakeWork::TrialAfter(number, 3, "sound"));
    const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
    EXPECT_EQ(request.unusable_checkpoint(), "") << errors[number];
    EXPECT_THAT(request.worker_trouble(),
                StartsWith("it cannot get at its checkpoint: it could not be fetched: "));
  }
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentCheckpointTest, ATrainerThatRefusesOneItWasNotGivenFails) {
  trainer_.train = [](const AttemptWork&, AttemptObserver&) {
    return OutcomeOf(Outcome::Kind::kUnusableCheckpoint);
  };
  Start();
  work_.Grant(1);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("was not given"));
}

TEST_F(AgentCheckpointTest, AWorkerThatLeavesWhileItFetchesOneGivesTheWorkBackUnharmed) {
  std::atomic<int> tries = 0;
  work_.coordinator.download_chunk = [&](const auto&) -> absl::StatusOr<v1::DownloadChunkResponse> {
    ++tries;
    return absl::UnavailableError("not now");
  };
  Start();
  work_.Grant(FakeWork::TrialAfter(1, 3, "checkpoint"));
  while (tries == 0) std::this_thread::yield();
  StopAgent();
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_EQ(request.unusable_checkpoint(), "");
  EXPECT_THAT(work_.events(), ElementsAre("give back"));
}

TEST_F(AgentCheckpointTest, AnEvaluationThatRunsIsSentWhileTheWorkerLeaves) {
  absl::Notification running, leaving;
  work_.set_file("weights");
  trainer_.evaluate = [&](const std::string&) -> absl::StatusOr<training::TestResult> {
    running.Notify();
    leaving.WaitForNotification();
    training::TestResult result;
    result.metrics = {{"test_accuracy", 0.75}};
    return result;
  };
  Start();
  work_.Grant(FakeWork::Evaluation(9, "weights"));
  running.WaitForNotification();
  agent_->Stop();
  leaving.Notify();
  StopAgent();
  EXPECT_TRUE(work_.AwaitFinish().has_evaluated());
  EXPECT_TRUE(work_.nothing_given_back());
}

TEST_F(AgentCheckpointTest, ATrialThatIsToPauseIsGivenBackWithItsCheckpointAndTheSlotGoesOn) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    observer.OnMeasurement(At(work.trial.number()));
    if (work.trial.number() == 2) return Outcome();
    return TrainUntilAsked(observer, work.trial.number(), "to go on from");
  };
  work_.Direct(v1::DIRECTIVE_PAUSE);
  Start();
  work_.Grant(1);
  EXPECT_THAT(work_.AwaitGivenBack(), ElementsAre(101));
  EXPECT_THAT(work_.events(), ElementsAre("step 1", "checkpoint 1: to go on from", "give back"));
  work_.Direct(v1::DIRECTIVE_CONTINUE);
  work_.Grant(2);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
}

TEST_F(AgentCheckpointTest, TheWorkerSaysWhatItsNumbersDependOn) {
  trainer_.numerics = "AVX-512\nlibm 2.36 " + std::string(600, 'x');
  trainer_.train = [](const AttemptWork&, AttemptObserver&) { return Outcome(); };
  Start();
  work_.Grant(1);
  work_.AwaitFinish();
  const std::string said = work_.registration().numerics_fingerprint();
  EXPECT_EQ(said.size(), 512u);
  EXPECT_THAT(said, testing::StartsWith("AVX-512 libm 2.36 xxx"));
}

}  // namespace
}  // namespace caviar::agent
