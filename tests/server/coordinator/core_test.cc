#include "server/coordinator/core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

TEST_F(CoreTest, HandsOutTrialsInTheOrderOfTheirNumbers) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  for (int number = 0; number < 4; ++number) {
    const auto work = house_.Acquire(worker);
    ASSERT_TRUE(work.has_trial());
    EXPECT_EQ(work.trial().trial().number(), number);
    EXPECT_EQ(work.trial().attempt(), 1);
    EXPECT_EQ(work.trial().trial().parameters_size(), 1);
  }
  EXPECT_FALSE(house_.Acquire(worker).has_trial()) << "max_trials is 4";
}

TEST_F(CoreTest, AParkedAcquireIsServedWhenAStudyAppears) {
  const std::string worker = house_.Register("w");
  std::optional<v1::AcquireWorkResponse> answer;
  house_.QueueAcquire(worker, "c", 1, [&](auto response) { answer = *response; });
  house_.Settle();
  EXPECT_FALSE(answer);
  Create(NetworkStudy("s"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->trial().trial().number(), 0);
}

TEST_F(CoreTest, AParkedAcquireIsAnsweredEmptyWhenItsWaitIsOver) {
  const std::string worker = house_.Register("w");
  std::optional<v1::AcquireWorkResponse> answer;
  house_.QueueAcquire(worker, "c", 1, [&](auto response) { answer = *response; });
  house_.Settle();
  house_.Advance(absl::Seconds(29));
  EXPECT_FALSE(answer);
  house_.Advance(absl::Seconds(2));
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->has_trial());
}

TEST_F(CoreTest, ARepeatedAcquireGetsTheSameGrant) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  std::vector<v1::AcquireWorkResponse> answers;
  for (int i = 0; i < 2; ++i) {
    house_.QueueAcquire(worker, "c", 5, [&](auto response) { answers.push_back(*response); });
    house_.Settle();
  }
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].SerializeAsString(), answers[1].SerializeAsString());
  EXPECT_EQ(house_.study("s").counts.running(), 1);
}

TEST_F(CoreTest, AnUnknownWorkerIsToldToRegister) {
  std::optional<absl::Status> status;
  house_.QueueAcquire("nobody", "c", 1, [&](auto response) { status = response.status(); });
  house_.Settle();
  ASSERT_TRUE(status);
  EXPECT_TRUE(error::HasReason(*status, error::kWorkerUnknown));
}

TEST_F(CoreTest, ParallelLimitsTheRunningTrials) {
  v1::Study study = NetworkStudy("s");
  study.mutable_limits()->set_parallel(2);
  Create(study);
  const std::string worker = house_.Register("w");
  const auto first = house_.Acquire(worker);
  EXPECT_TRUE(house_.Acquire(worker).has_trial());
  EXPECT_FALSE(house_.Acquire(worker).has_trial());
  ASSERT_TRUE(Report(first.trial().token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(first.trial().token()).ok());
  EXPECT_TRUE(house_.Acquire(worker).has_trial());
}

TEST_F(CoreTest, TwoStudiesShareTheSlots) {
  Create(NetworkStudy("a"));
  Create(NetworkStudy("b"));
  const std::string worker = house_.Register("w");
  std::multiset<std::string> studies;
  for (int i = 0; i < 4; ++i) studies.insert(house_.Acquire(worker).trial().study().name());
  EXPECT_EQ(studies.count("a"), 2u);
  EXPECT_EQ(studies.count("b"), 2u);
}

TEST_F(CoreTest, TheObjectiveIsTheBestMeasurementAndTheEarliestOfEquals) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  const double values[] = {0.5, 0.75, std::nan(""), 0.75, 0.7};
  for (int step = 1; step <= 5; ++step) {
    ASSERT_TRUE(Report(work.trial().token(), step, values[step - 1]).ok());
  }
  const auto finished = Complete(work.trial().token());
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->state(), v1::Trial::COMPLETED);
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.75);
  EXPECT_EQ(house_.trial("s", 0).row.objective_step, 2);
  EXPECT_EQ(house_.study("s").best, 0);
}

TEST_F(CoreTest, TheObjectiveIsTheLastMeasurementWhereTheStudySaysSo) {
  v1::Study study = NetworkStudy("s");
  study.mutable_objective()->set_value(v1::Objective::LAST);
  Create(study);
  const auto work = house_.Acquire(house_.Register("w"));
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.9).ok());
  ASSERT_TRUE(Report(work.trial().token(), 2, 0.8).ok());
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.8);
  EXPECT_EQ(house_.trial("s", 0).row.objective_step, 2);
}

TEST_F(CoreTest, AnObjectiveThatIsNotFiniteMakesATrialInfeasibleAndNeverBest) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const auto work = house_.Acquire(worker);
    ASSERT_TRUE(Report(work.trial().token(), 1, value).ok());
    const auto finished = Complete(work.trial().token());
    ASSERT_TRUE(finished.ok());
    EXPECT_EQ(finished->state(), v1::Trial::INFEASIBLE);
  }
  EXPECT_FALSE(house_.study("s").best);
}

TEST_F(CoreTest, ATrialWithoutItsObjectiveFailsAndSaysSo) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  const auto finished = Complete(work.trial().token());
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->state(), v1::Trial::FAILED);
  EXPECT_THAT(house_.trial("s", 0).row.message, ::testing::HasSubstr("validation_accuracy"));
  EXPECT_THAT(house_.study("s").row.message, ::testing::HasSubstr("trial 0 failed"));
}

TEST_F(CoreTest, TheFirstValueOfAStepStays) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  const auto again = Report(work.trial().token(), 1, 0.9);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->conflicts(), 1);
  EXPECT_EQ(Report(work.trial().token(), 1, 0.5)->conflicts(), 0);
  EXPECT_EQ(Report(work.trial().token(), 1, 0.8)->conflicts(), 1);
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.5);
}

TEST_F(CoreTest, AnExpiredLeaseGivesTheTrialToAnotherWorker) {
  Create(NetworkStudy("s"));
  const auto first = house_.Acquire(house_.Register("a"));
  ASSERT_TRUE(Report(first.trial().token(), 1, 0.9).ok());
  house_.Advance(absl::Seconds(61));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  const auto second = house_.Acquire(house_.Register("b"));
  EXPECT_EQ(second.trial().trial().number(), 0);
  EXPECT_EQ(second.trial().attempt(), 2);
  EXPECT_GT(second.trial().token().counter(), first.trial().token().counter());

  const auto late = Report(first.trial().token(), 2, 0.95);
  EXPECT_TRUE(error::HasReason(late.status(), error::kLeaseLost));
  EXPECT_TRUE(error::HasReason(Complete(first.trial().token()).status(), error::kLeaseLost));
  ASSERT_TRUE(Report(second.trial().token(), 1, 0.4).ok());
  ASSERT_TRUE(Complete(second.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.4) << "only the newest attempt counts";
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 1);
}

TEST_F(CoreTest, ARenewedLeaseStands) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  for (int i = 0; i < 20; ++i) {
    house_.Advance(absl::Seconds(50));
    EXPECT_TRUE(house_.Renew(worker, {ToToken(work.trial().token())}).held[0]);
  }
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
}

TEST_F(CoreTest, AnExpiredLeaseLivesAgainWhileNobodyElseHasTheTrial) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  house_.Advance(absl::Seconds(61));
  ASSERT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  ASSERT_TRUE(Report(work.trial().token(), 2, 0.6).ok());
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 0);
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.6);
  EXPECT_EQ(house_.trial("s", 0).attempt->number, 1);
}

TEST_F(CoreTest, ATrialThatLosesTooManyLeasesFails) {
  Create(NetworkStudy("s", 1));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto work = house_.Acquire(house_.Register(absl::StrCat("w", attempt)));
    ASSERT_TRUE(work.has_trial()) << attempt;
    house_.Advance(absl::Seconds(61));
  }
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::FAILED);
  EXPECT_THAT(house_.trial("s", 0).row.message, ::testing::HasSubstr("3 times"));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED) << "an end of its own";
}

TEST_F(CoreTest, AGivenBackTrialIsNotCounted) {
  Create(NetworkStudy("s", 1));
  for (int i = 0; i < 10; ++i) {
    const auto work = house_.Acquire(house_.Register("w"));
    ASSERT_TRUE(work.has_trial());
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = work.trial().token();
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok()) << "a repeat";
  }
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 0);
}

TEST_F(CoreTest, AFinishRepeatedWithTheSameOutcomeIsOkAndWithAnotherIsNot) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  const auto again = Complete(work.trial().token());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::Trial::COMPLETED);
  EXPECT_TRUE(error::HasReason(Fail(work.trial().token(), "no").status(), error::kLeaseLost));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::COMPLETED);
}

TEST_F(CoreTest, AStudyEndsWithItsLastTrialAndKeepsItsReason) {
  Create(NetworkStudy("s", 2));
  const std::string worker = house_.Register("w");
  for (const double value : {0.5, 0.7}) {
    EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    const auto work = house_.Acquire(worker);
    ASSERT_TRUE(Report(work.trial().token(), 1, value).ok());
    ASSERT_TRUE(Complete(work.trial().token()).ok());
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_TRIALS);
  EXPECT_EQ(house_.study("s").best, 1);
}

TEST_F(CoreTest, ReachingTheTargetEndsTheStudyAndCancelsWhatRuns) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_objective()->set_target(0.9);
  Create(study);
  const std::string worker = house_.Register("w");
  const auto running = house_.Acquire(worker);
  const auto winner = house_.Acquire(worker);
  ASSERT_TRUE(Report(winner.trial().token(), 1, 0.91).ok());
  ASSERT_TRUE(Complete(winner.trial().token()).ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::TARGET);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::CANCELLED);
  EXPECT_FALSE(house_.Renew(worker, {ToToken(running.trial().token())}).held[0]);
}

TEST_F(CoreTest, TheFirstOfEqualTrialsIsBestAndATargetIsReachedWhenItIsMet) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_objective()->set_target(0.9);
  Create(study);
  const std::string worker = house_.Register("w");
  std::vector<v1::FencingToken> tokens;
  for (int i = 0; i < 4; ++i) tokens.push_back(house_.Acquire(worker).trial().token());
  for (const int number : {1, 0, 2}) {
    ASSERT_TRUE(Report(tokens[number], 1, 0.5).ok());
    ASSERT_TRUE(Complete(tokens[number]).ok());
    EXPECT_EQ(house_.study("s").best, number == 1 ? 1 : 0);
  }
  house_.Restart();
  EXPECT_EQ(house_.study("s").best, 0);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  ASSERT_TRUE(Report(tokens[3], 1, 0.9).ok());
  ASSERT_TRUE(Complete(tokens[3]).ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::TARGET);
}

TEST_F(CoreTest, MaxFailedEndsTheStudy) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_limits()->set_max_failed(2);
  Create(study);
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "broke").ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_FAILED);
  EXPECT_THAT(house_.study("s").row.message, ::testing::HasSubstr("broke"));
}

TEST_F(CoreTest, MaxDurationCountsOnlyActiveTime) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_limits()->mutable_max_duration()->set_seconds(100);
  Create(study);
  house_.Advance(absl::Seconds(60));
  v1::StopStudyRequest stop;
  *stop.mutable_request_id() = house_.NewRequestId();
  stop.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  house_.Advance(absl::Seconds(1000));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  v1::ResumeStudyRequest resume;
  *resume.mutable_request_id() = house_.NewRequestId();
  resume.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::ResumeStudy, resume).ok());
  house_.Advance(absl::Seconds(39));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  house_.Restart();
  house_.Advance(absl::Seconds(2));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED) << "the time is kept over a restart";
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(CoreTest, AStoppedStudyHandsOutNothingAndLetsRunningTrialsFinish) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  v1::StopStudyRequest stop;
  *stop.mutable_request_id() = house_.NewRequestId();
  stop.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  EXPECT_FALSE(house_.Acquire(worker).has_trial());
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
}

TEST_F(CoreTest, AStudyWhoseFirstTrialsAllFailIsStoppedWithItsLastError) {
  Create(NetworkStudy("s", 100));
  const std::string worker = house_.Register("w");
  const auto runs_on = house_.Acquire(worker);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "no such file: train-images").ok());
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  EXPECT_THAT(house_.study("s").row.message, ::testing::HasSubstr("no such file: train-images"));
  EXPECT_FALSE(house_.Acquire(worker).has_trial());
  ASSERT_TRUE(Fail(runs_on.trial().token(), "the same").ok());
  EXPECT_THAT(house_.study("s").row.message, ::testing::HasSubstr("caviar study resume s"));
  v1::ResumeStudyRequest resume;
  *resume.mutable_request_id() = house_.NewRequestId();
  resume.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::ResumeStudy, resume).ok());
  ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "still broken").ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE) << "counted anew";
}

TEST_F(CoreTest, ATakenNameIsRefusedAndARepeatedCreateIsNot) {
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  *request.mutable_study() = NetworkStudy("s");
  const auto first = house_.Call(&Core::CreateStudy, request);
  ASSERT_TRUE(first.ok());
  house_.Restart();
  const auto repeat = house_.Call(&Core::CreateStudy, request);
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_EQ(repeat->SerializeAsString(), first->SerializeAsString());
  *request.mutable_request_id() = house_.NewRequestId();
  const auto other = house_.Call(&Core::CreateStudy, request);
  EXPECT_TRUE(error::HasReason(other.status(), error::kNameTaken));
}

TEST_F(CoreTest, ARequestIdUsedForAnotherBodyIsRefused) {
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  *request.mutable_study() = NetworkStudy("s");
  ASSERT_TRUE(house_.Call(&Core::CreateStudy, request).ok());
  request.mutable_study()->set_name("t");
  EXPECT_EQ(house_.Call(&Core::CreateStudy, request).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(house_.core().state().study_ids.contains("t"));
}

TEST_F(CoreTest, ValidateOnlyStoresNothing) {
  v1::CreateStudyRequest request;
  *request.mutable_study() = NetworkStudy("s");
  request.set_validate_only(true);
  EXPECT_TRUE(house_.Call(&Core::CreateStudy, request).ok());
  EXPECT_EQ(house_.core().state().commit, 0);
  request.mutable_study()->mutable_objective()->clear_metric();
  const auto refused = house_.Call(&Core::CreateStudy, request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(error::Detail(refused.status())->field_violations(0).field(), "objective.metric");
}

TEST_F(CoreTest, ADeletedStudyIsGoneAtOnceAndItsLeasesWithIt) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  v1::DeleteStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::DeleteStudy, request).ok());
  EXPECT_FALSE(house_.Renew(worker, {ToToken(work.trial().token())}).held[0]);
  EXPECT_TRUE(error::HasReason(Complete(work.trial().token()).status(), error::kLeaseLost));
  Create(NetworkStudy("s"));
  house_.Advance(absl::Seconds(10));
  EXPECT_EQ(house_.erased.size(), 1u);
  EXPECT_EQ(house_.store.Load()->studies.size(), 1u);
}

TEST_F(CoreTest, ARestartLosesNothingAndGivesEveryLeaseItsFullTime) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  house_.Advance(absl::Seconds(50));
  house_.Restart();
  house_.Advance(absl::Seconds(50));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  EXPECT_TRUE(house_.Renew(worker, {ToToken(work.trial().token())}).held[0]);
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.5) << "measured before the restart";
}

TEST_F(CoreTest, AFailedCommitChangesNothingAndAnswersUnavailable) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  const auto refused = Report(work.trial().token(), 1, 0.5);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(house_.trial("s", 0).objective_values.empty());
  house_.store.SetBeforeApply(nullptr);
  EXPECT_TRUE(Report(work.trial().token(), 1, 0.5).ok()) << "service resumes with the room";
}

TEST_F(CoreTest, OneBadRowIsRefusedAndTheRestOfItsBatchIsNot) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto good = house_.Acquire(worker), bad = house_.Acquire(worker);
  const int64_t bad_id = house_.trial("s", 1).row.id;
  house_.store.SetBeforeApply([bad_id](const storage::Batch& batch) {
    for (const auto& change : batch) {
      const auto* row = std::get_if<storage::MeasurementRow>(&change);
      if (row != nullptr && row->trial_id == bad_id) return absl::InvalidArgumentError("bad row");
    }
    return absl::OkStatus();
  });
  std::vector<absl::Status> answers(2);
  for (int i = 0; i < 2; ++i) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = (i == 0 ? good : bad).trial().token();
    auto& measurement = *request.add_measurements();
    measurement.set_step(1);
    (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
    house_.Queue<v1::ReportMeasurementsResponse>(
        [request](Core& core) { return core.Report(request); },
        [&answers, i](auto response) { answers[i] = response.status(); });
  }
  std::optional<v1::AcquireWorkResponse> granted;
  int answered = 0;
  house_.QueueAcquire(worker, "c", 77, [&](auto response) { granted = *response, ++answered; });
  house_.Settle();
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_EQ(answers[1].code(), absl::StatusCode::kInternal);
  ASSERT_TRUE(granted);
  EXPECT_EQ(answered, 1) << "a parked call is answered once";
  EXPECT_EQ(granted->trial().trial().number(), 2);
}

TEST_F(CoreTest, AFailedSyncAnswersNothingAndEndsTheProcess) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply([](const storage::Batch&) { return absl::DataLossError("fsync"); });
  EXPECT_EQ(Report(work.trial().token(), 1, 0.5).status().code(),
            absl::StatusCode::kDeadlineExceeded)
      << "no answer";
  EXPECT_TRUE(house_.fatal);
}

TEST_F(CoreTest, AStallGivesFreshTimeInsteadOfExpiringEverything) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.clock.Advance(absl::Minutes(10));  // the process was stopped: nobody woke the core
  house_.Settle();
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  house_.Advance(absl::Seconds(61));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(CoreTest, TheCalendarDecidesNothing) {
  Create(NetworkStudy("s"));
  house_.Acquire(house_.Register("w"));
  house_.clock.JumpWall(absl::Hours(24));
  house_.Advance(absl::Seconds(30));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  house_.clock.JumpWall(-absl::Hours(48));
  house_.Advance(absl::Seconds(31));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(TestEvaluationTest, TheBestTrialsWeightsAreEvaluatedOnceUnderALeaseOfTheirOwn) {
  EndStudy(true);
  const auto work = house_.Acquire(worker_);
  ASSERT_TRUE(work.has_evaluation());
  EXPECT_EQ(work.evaluation().weights().step(), 1);
  EXPECT_FALSE(house_.Acquire(worker_).has_evaluation());
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.evaluation().token();
  (*finish.mutable_evaluated()->mutable_metrics())["test_accuracy"] = 0.48;
  finish.mutable_evaluated()->add_classes()->set_name("coat");
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok());
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok()) << "a repeat";
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::COMPLETED);
  EXPECT_EQ(house_.study("s").evaluation->metrics.at("test_accuracy"), 0.48);
  house_.Restart();
  ASSERT_EQ(house_.study("s").evaluation->classes.size(), 1u);
  EXPECT_EQ(house_.study("s").evaluation->classes[0].name(), "coat");
  EXPECT_FALSE(house_.Acquire(worker_).has_evaluation());
}

TEST_F(TestEvaluationTest, ALostEvaluationIsGivenToAnother) {
  EndStudy(true);
  ASSERT_TRUE(house_.Acquire(worker_).has_evaluation());
  house_.Restart();
  house_.Advance(absl::Seconds(61));
  EXPECT_TRUE(house_.Acquire(house_.Register("x")).has_evaluation());
}

TEST_F(TestEvaluationTest, WithoutWeightsItFailsAndSaysSo) {
  EndStudy(false);
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::FAILED);
  EXPECT_THAT(house_.study("s").evaluation->message, ::testing::HasSubstr("weights"));
}

TEST_F(AskTest, AnExternalStudyNeverGoesToWorkers) {
  Create(ExternalStudy("s"));
  EXPECT_FALSE(house_.Acquire(house_.Register("w")).has_trial());
  EXPECT_TRUE(Ask("s").ok());
}

TEST_F(AskTest, WhatIsToldIsTheObjective) {
  Create(ExternalStudy("s"));
  const auto asked = Ask("s");
  ASSERT_TRUE(asked.ok()) << asked.status();
  const auto told = house_.Call(&Core::Tell, TellRequest(*asked, 0.83));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->state(), v1::Trial::COMPLETED);
  EXPECT_EQ(told->objective(), 0.83);
  EXPECT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, 0.83)).ok()) << "a repeat";
  EXPECT_FALSE(house_.Call(&Core::Tell, TellRequest(*asked, 0.84)).ok()) << "final is final";
}

TEST_F(AskTest, WhatIsToldStandsBehindTheLastStepAlsoAfterARestart) {
  Create(ExternalStudy("s"));
  const auto asked = Ask("s");
  v1::ReportMeasurementsRequest report;
  *report.mutable_token() = asked->token();
  report.add_measurements()->set_step(7);
  (*report.mutable_measurements(0)->mutable_metrics())["loss"] = 0.3;
  ASSERT_TRUE(house_.Call(&Core::Report, report).ok());
  house_.Restart();
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, 0.83)).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective_step, 8);
}

TEST_F(AskTest, ATellWithoutTheObjectiveIsRefused) {
  Create(ExternalStudy("s"));
  v1::TellTrialRequest request = TellRequest(*Ask("s"), 1);
  request.mutable_completed()->mutable_metrics()->clear();
  EXPECT_EQ(house_.Call(&Core::Tell, request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AskTest, ALapsedAskGoesToTheNextAsker) {
  Create(ExternalStudy("s"));
  const auto first = Ask("s", absl::Minutes(5));
  house_.Advance(absl::Minutes(6));
  const auto second = Ask("s");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->trial().number(), first->trial().number());
  EXPECT_TRUE(error::HasReason(house_.Call(&Core::Tell, TellRequest(*first, 0.5)).status(),
                               error::kLeaseLost));
  EXPECT_TRUE(house_.Call(&Core::Tell, TellRequest(*second, 0.5)).ok());
}

TEST_F(AskTest, AsksThatCannotBeServedAreRefusedAndSayWhy) {
  Create(NetworkStudy("network"));
  EXPECT_THAT(std::string(Ask("network").status().message()), ::testing::HasSubstr("workers"));
  EXPECT_EQ(Ask("nothing").status().code(), absl::StatusCode::kNotFound);
  v1::Study study = ExternalStudy("s", 2);
  study.mutable_limits()->set_parallel(1);
  Create(study);
  ASSERT_TRUE(Ask("s").ok());
  EXPECT_THAT(std::string(Ask("s").status().message()), ::testing::HasSubstr("parallel"));
}

TEST_F(AskTest, ATokenOfAnotherTrialIsRefused) {
  Create(ExternalStudy("s"));
  v1::TellTrialRequest request = TellRequest(*Ask("s"), 0.5);
  request.set_number(1);
  EXPECT_EQ(house_.Call(&Core::Tell, request).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caviar::coordinator
