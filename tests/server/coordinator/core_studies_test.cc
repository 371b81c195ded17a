// Studies: limits, states, names, the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

class StudyTimeTest : public CoreTest {
 protected:
  // "s", which its time ends and nothing else.
  void CreateForSeconds(int64_t seconds) {
    v1::Study study = NetworkStudy("s", 0);
    study.mutable_limits()->mutable_max_duration()->set_seconds(seconds);
    Create(study);
  }
};

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

TEST_F(StudyTimeTest, MaxDurationCountsOnlyActiveTime) {
  CreateForSeconds(100);
  house_.Advance(absl::Seconds(60));
  ASSERT_TRUE(house_.Stop("s").ok());
  house_.Advance(absl::Seconds(1000));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  ASSERT_TRUE(house_.Resume("s").ok());
  house_.Advance(absl::Seconds(39));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  house_.Restart();
  house_.Advance(absl::Seconds(2));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED) << "the time is kept over a restart";
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(StudyTimeTest, NoTimeCountsWhileThereIsNoCoordinatorWhateverTheCalendarSays) {
  CreateForSeconds(100);
  house_.Advance(absl::Seconds(60));
  for (const absl::Duration jump : {absl::Hours(24 * 7), -absl::Hours(24 * 9)}) {
    house_.clock.JumpWall(jump);
    house_.Restart();
    house_.Advance(absl::Seconds(10));
    ASSERT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    EXPECT_LT(house_.study("s").row.active_time, 90'000'000);
  }
  house_.Advance(absl::Seconds(25));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(StudyTimeTest, TimeCountsWhileItsTrialsFailOverRestartsAndFailedCommits) {
  CreateForSeconds(100);
  const std::string worker = house_.Register("w");
  ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "broke").ok());
  for (int i = 0; i < 3; ++i) {
    house_.Advance(absl::Seconds(30));
    ASSERT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    if (i < 2) {
      house_.Restart();
      continue;
    }
    house_.store.SetBeforeApply([](const auto&) { return absl::UnavailableError("once"); });
    EXPECT_FALSE(Fail(house_.Acquire(worker).trial().token(), "broke").ok());
    house_.store.SetBeforeApply(nullptr);
  }
  house_.Advance(absl::Seconds(17));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

// What is shown: the time up to active_since, and what went by since.
TEST_F(CoreTest, WithoutALimitTimeIsNotedAtTheStartAndAtTheEnd) {
  Create(NetworkStudy("s", 0));
  const auto shown = [this] {
    return house_.study("s").row.active_time + absl::ToUnixMicros(house_.clock.Wall()) -
           house_.study("s").row.active_since;
  };
  house_.Advance(absl::Seconds(100));
  house_.Queue<bool>([](Core& core) { return core.Drain(), true; }, [](const auto&) {});
  house_.Settle();
  house_.clock.JumpWall(absl::Hours(1));
  house_.Restart();
  house_.Advance(absl::Seconds(10));
  EXPECT_NEAR(static_cast<double>(shown()), 110e6, 2e6);
}

TEST_F(StudyTimeTest, NoTimeCountsWhileTheProcessIsStopped) {
  CreateForSeconds(100);
  house_.Advance(absl::Seconds(60));
  house_.clock.Advance(absl::Minutes(10));
  house_.Settle();
  house_.Advance(absl::Seconds(38));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  house_.Advance(absl::Seconds(3));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(StudyTimeTest, NoTimeCountsWhileItIsStoppedInTheMiddleOfABatch) {
  CreateForSeconds(100);
  house_.Queue<bool>([this](Core&) { return house_.clock.Advance(absl::Hours(1)), true; },
                     [](const auto&) {});
  house_.Settle();
  house_.store.SetBeforeApply([this](const auto&) {
    house_.store.SetBeforeApply(nullptr);
    house_.clock.Advance(absl::Hours(1));
    return absl::OkStatus();
  });
  house_.Advance(absl::Hours(1) + absl::Seconds(50));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  house_.Advance(absl::Seconds(60));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(StudyTimeTest, TimeCountsWhileASlowDiskCommits) {
  CreateForSeconds(100);
  house_.store.SetBeforeApply([this](const auto&) {
    house_.clock.Advance(absl::Seconds(7));
    return absl::OkStatus();
  });
  house_.Advance(absl::Seconds(125));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(StudyTimeTest, NoTimeIsForgottenBeforeItCame) {
  CreateForSeconds(100);
  Poll poll;
  poll.client_id = "c";
  poll.sequence = poll.id = 1;
  poll.worker_id = house_.Register("w");
  poll.studies = {"another"};
  poll.deadline = house_.clock.Steady() + absl::Seconds(10);
  poll.work_done = [](const auto&) {};
  house_.QueuePoll(std::move(poll));
  house_.Settle();
  house_.store.SetBeforeApply([this](const auto&) {
    house_.store.SetBeforeApply(nullptr);
    house_.clock.Advance(absl::Seconds(30));
    return absl::UnavailableError("slow, and in vain");
  });
  house_.Advance(absl::Seconds(31));
  ASSERT_TRUE(house_.Stop("s").ok());
  EXPECT_GE(house_.study("s").row.active_time, 0);
}

TEST_F(CoreTest, AJumpOfTheCalendarBringsNoOldFailuresBack) {
  Create(NetworkStudy("s", 100));
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "broke").ok());
  }
  ASSERT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  house_.clock.JumpWall(absl::Hours(1));
  ASSERT_TRUE(house_.Resume("s").ok());
  house_.Restart();
  house_.Advance(absl::Seconds(1));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
}

TEST_F(CoreTest, AStoppedStudyHandsOutNothingAndLetsRunningTrialsFinish) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  ASSERT_TRUE(house_.Stop("s").ok());
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
  ASSERT_TRUE(house_.Resume("s").ok());
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

}  // namespace
}  // namespace caviar::coordinator
