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
  EXPECT_THAT(house_.trial("s", 0).row.message, ::testing::HasSubstr("3 attempts came to nothing"));
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

}  // namespace
}  // namespace caviar::coordinator
