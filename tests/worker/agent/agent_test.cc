// The agent against a scripted coordinator behind a real server on loopback.
#include "worker/agent/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/worker/agent/agent_fixture.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(AgentTest, TrainsReportsStoresTheWeightsAndFinishes) {
  const std::string weights = std::string(2 << 20, 'w') + "end";
  trainer_.train = [&](const AttemptWork& work, AttemptObserver& observer) {
    EXPECT_EQ(work.trial.number(), 4);
    for (int step = 1; step <= 3; ++step) observer.OnMeasurement(At(step));
    Outcome outcome;
    outcome.weights = weights;
    outcome.weights_step = 2;
    return outcome;
  };
  Start();
  work_.Grant(4);
  const v1::FinishWorkRequest finish = work_.AwaitFinish();
  EXPECT_TRUE(finish.has_completed());
  EXPECT_EQ(finish.token().counter(), 104);
  EXPECT_THAT(work_.steps(), ElementsAre(1, 2, 3));
  EXPECT_EQ(work_.file(), weights);
  EXPECT_EQ(work_.file(v1::Artifact::MODEL), "") << "the trainer made none";
}

Outcome TrainWithModel(const AttemptWork&, AttemptObserver&) {
  Outcome outcome;
  outcome.weights = "weights";
  outcome.model = "model";
  outcome.weights_step = 1;
  return outcome;
}

TEST_F(AgentTest, StoresTheModelBesideTheWeights) {
  trainer_.train = TrainWithModel;
  Start();
  work_.Grant(1);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_EQ(work_.file(), "weights");
  EXPECT_EQ(work_.file(v1::Artifact::MODEL), "model");
}

TEST_F(AgentTest, ATrialWhoseModelIsRefusedCompletesWithoutIt) {
  work_.Refuse(v1::Artifact::MODEL);
  trainer_.train = TrainWithModel;
  Start();
  work_.Grant(1);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
}

TEST_F(AgentTest, ATrialWhoseWeightsAreRefusedFails) {
  work_.Refuse(v1::Artifact::WEIGHTS);
  trainer_.train = TrainWithModel;
  Start();
  work_.Grant(1);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("not taken"));
  EXPECT_EQ(work_.file(v1::Artifact::MODEL), "");
}

TEST_F(AgentTest, AnIdOfARequestIsUsedUntilItBringsWork) {
  trainer_.train = [](const AttemptWork&, AttemptObserver&) { return Outcome(); };
  Start();
  work_.Grant(v1::AcquireWorkResponse());  // nothing to do
  work_.Grant(1);
  work_.AwaitFinish();
  work_.coordinator.AwaitParked();
  const std::vector<v1::AcquireWorkRequest> polls = work_.coordinator.acquires();
  ASSERT_EQ(polls.size(), 3u);
  EXPECT_EQ(polls[0].request_id().sequence(), polls[1].request_id().sequence());
  EXPECT_GT(polls[2].request_id().sequence(), polls[1].request_id().sequence());
  EXPECT_EQ(polls[2].request_id().client_id(), polls[1].request_id().client_id());
}

TEST_F(AgentTest, EverySlotWorks) {
  std::atomic<int> running = 0;
  trainer_.train = [&](const AttemptWork&, AttemptObserver&) {
    for (++running; running < 3;) std::this_thread::yield();
    return Outcome();
  };
  Start(/*slots=*/3);
  for (int number = 0; number < 3; ++number) work_.Grant(number);
  for (int number = 0; number < 3; ++number) EXPECT_TRUE(work_.AwaitFinish().has_completed());
}

TEST_F(AgentTest, ADivergedTrainingIsInfeasibleAtItsStep) {
  trainer_.train = [](const AttemptWork&, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    Outcome outcome = OutcomeOf(Outcome::Kind::kInfeasible);
    outcome.step = 2;
    outcome.message = "the loss is not finite";
    return outcome;
  };
  Start();
  work_.Grant(1);
  const v1::FinishWorkRequest finish = work_.AwaitFinish();
  EXPECT_EQ(finish.infeasible().step(), 2);
  EXPECT_EQ(finish.infeasible().message(), "the loss is not finite");
  EXPECT_THAT(work_.steps(), ElementsAre(1));
}

TEST_F(AgentTest, ExceptionsBecomeFailuresAndTheWorkerGoesOn) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) -> Outcome {
    if (work.trial.number() == 1) throw std::bad_alloc();
    throw std::runtime_error("bad \xFF byte");
  };
  Start();
  work_.Grant(1);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("out of memory"));
  work_.Grant(2);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("bad ? byte"));
}

TEST_F(AgentTest, ALostLeaseStopsTheTrainingAndNothingIsSent) {
  trainer_.train = TrainUntilStopped;
  Start();
  work_.Grant(1);
  work_.Take(1);
  work_.coordinator.AwaitParked();  // it polls again
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentTest, AReportThatIsToldLeaseLostStopsTheTraining) {
  work_.FailReport(error::WithReason(absl::AbortedError("stale"), error::kLeaseLost));
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    return TrainUntilStopped(work, observer);
  };
  Start();
  work_.Grant(1);
  work_.coordinator.AwaitParked();
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentTest, ARefusedReportFailsTheTrial) {
  work_.FailReport(absl::InvalidArgumentError("no such metric"));
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    return TrainUntilStopped(work, observer);
  };
  Start();
  work_.Grant(1);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("no such metric"));
}

TEST_F(AgentTest, ADirectiveToStopEndsTheAttemptAsStopped) {
  trainer_.train = TrainUntilStopped;
  Start();
  work_.Grant(1);
  work_.Direct(v1::DIRECTIVE_STOP);
  EXPECT_TRUE(work_.AwaitFinish().has_stopped());
}

TEST_F(AgentTest, TrainingGoesOnWhileTheCoordinatorIsAway) {
  absl::Notification away;
  absl::Notification trained;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    away.WaitForNotification();
    for (int step = 2; step <= 50; ++step) observer.OnMeasurement(At(step));
    EXPECT_FALSE(observer.StopRequested());
    trained.Notify();
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitSteps(1);
  server_.reset();
  away.Notify();
  trained.WaitForNotification();
  StartServer(address_);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  std::vector<int64_t> expected;
  for (int step = 1; step <= 50; ++step) expected.push_back(step);
  EXPECT_EQ(work_.steps(), expected);
}

TEST_F(AgentTest, ALeaseThatWasTakenWhileTheCoordinatorWasAwayIsGivenUp) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    observer.OnMeasurement(At(1));
    return TrainUntilStopped(work, observer);
  };
  Start();
  work_.Grant(1);
  work_.AwaitSteps(1);
  server_.reset();
  work_.Take(1);
  const size_t polls = work_.coordinator.acquires().size();
  StartServer(address_);
  // It polls again. (Nothing is parked any more by a coordinator that was drained.)
  while (work_.coordinator.acquires().size() == polls) std::this_thread::yield();
  EXPECT_TRUE(work_.nothing_finished());
  EXPECT_TRUE(work_.nothing_given_back());
}

TEST_F(AgentTest, MoreUnsentMeasurementsThanItKeepsFailTheTrial) {
  absl::Notification away;
  absl::Notification trained;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    away.WaitForNotification();
    for (int step = 1; !observer.StopRequested(); ++step) observer.OnMeasurement(At(step));
    trained.Notify();
    return OutcomeOf(Outcome::Kind::kStopped);
  };
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  server_.reset();
  away.Notify();
  trained.WaitForNotification();
  StartServer(address_);
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("measure less often"));
  EXPECT_EQ(work_.steps().size(), 1000u);
}

TEST_F(AgentTest, AForgottenWorkerRegistersAgainAndKeepsItsLease) {
  std::atomic<bool> end = false;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    while (!end) std::this_thread::yield();
    EXPECT_FALSE(observer.StopRequested());
    return Outcome();
  };
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  work_.Forget();
  work_.AwaitRenewal(1);
  EXPECT_EQ(work_.registrations(), 2);
  end = true;
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
}

TEST_F(AgentTest, LeavingGivesTheWorkBack) {
  trainer_.train = TrainUntilStopped;
  Start(/*slots=*/2);
  work_.Grant(1);
  work_.AwaitRenewal(1);
  StopAgent();
  EXPECT_THAT(work_.AwaitGivenBack(), ElementsAre(101));
  EXPECT_TRUE(work_.nothing_finished());
  EXPECT_TRUE(all_given_back_);
  EXPECT_TRUE(work_.last_renewal_leaves()) << "it says that it left";
}

TEST_F(AgentTest, LeavingWhileTheCoordinatorIsAwayDoesNotWaitForIt) {
  grace_ = absl::Milliseconds(200);
  trainer_.train = TrainUntilStopped;
  Start();
  work_.Grant(1);
  work_.AwaitRenewal(1);
  server_.reset();
  StopAgent();
  EXPECT_TRUE(work_.nothing_finished());
  EXPECT_FALSE(all_given_back_);
}

TEST_F(AgentTest, AnEvaluationFetchesTheWeightsAndSendsTheMetrics) {
  const std::string weights = std::string(1 << 20, 'w') + "end";
  work_.set_file(weights);
  trainer_.evaluate = [&](const std::string& got) -> absl::StatusOr<training::TestResult> {
    EXPECT_EQ(got, weights);
    training::TestResult result;
    result.metrics = {{"test_accuracy", 0.75}};
    result.classes.resize(2);
    result.classes[0].set_name("o\xFFk");
    result.classes[0].set_examples(3);
    result.classes[0].add_predicted_as(3);
    result.classes[0].add_predicted_as(0);
    result.classes[1].set_name(std::string(1000, 'x'));
    result.classes[1].mutable_predicted_as()->Resize(2, 0);
    return result;
  };
  Start();
  work_.Grant(FakeWork::Evaluation(9, weights));
  const v1::FinishWorkRequest finish = work_.AwaitFinish();
  EXPECT_EQ(finish.token().counter(), 109);
  EXPECT_EQ(finish.evaluated().metrics().at("test_accuracy"), 0.75);
  ASSERT_EQ(finish.evaluated().classes_size(), 2);
  EXPECT_EQ(finish.evaluated().classes(0).name(), "o?k");
  EXPECT_EQ(finish.evaluated().classes(0).predicted_as(0), 3);
  EXPECT_EQ(finish.evaluated().classes(1).name(), std::string(253, 'x') + "...");
}

TEST_F(AgentTest, DamagedWeightsFailTheEvaluation) {
  work_.set_file("damaged");
  trainer_.evaluate = [](const std::string&) -> absl::StatusOr<training::TestResult> {
    ADD_FAILURE();
    return absl::InternalError("");
  };
  Start();
  work_.Grant(FakeWork::Evaluation(9, "weights"));
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("checksum"));
}

}  // namespace
}  // namespace caviar::agent
