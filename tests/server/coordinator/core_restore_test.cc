// A store that was taken back from a backup: it has another epoch than the leases in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

class RestoreTest : public TestEvaluationTest {
 protected:
  void Restore() {
    house_.store.SetStoreEpoch(++epoch_);
    house_.Restart();
  }
  int64_t epoch_ = 1;
};

TEST_F(RestoreTest, WhatRanGoesBackAtOnceAndCountsAgainstNobody) {
  // More than one batch puts back.
  constexpr int kRunning = 250;
  v1::Study study = NetworkStudy("s", 300);
  study.mutable_limits()->set_max_attempts(1);
  Create(study);
  const std::string worker = house_.Register("w");
  std::vector<v1::FencingToken> tokens;
  for (int i = 0; i < kRunning; ++i) tokens.push_back(house_.Acquire(worker).trial().token());
  ASSERT_EQ(house_.study("s").counts.running(), kRunning);
  Restore();
  EXPECT_EQ(house_.leases().size(), 0) << "of the other epoch";
  EXPECT_FALSE(house_.Renew(worker, {ToToken(tokens[0])}).held[0]);
  int64_t longest = 0;
  house_.store.SetBeforeApply([&](const storage::Batch& batch) {
    longest = std::max<int64_t>(longest, std::ranges::count_if(batch, [](const auto& change) {
                                  return std::holds_alternative<storage::AttemptRow>(change);
                                }));
    return absl::OkStatus();
  });
  house_.Settle();
  EXPECT_GT(longest, 1);
  EXPECT_LT(longest, kRunning) << "no transaction gets long";
  // Not after a TTL: at once.
  house_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(house_.study("s").counts.running(), 0);
  EXPECT_EQ(house_.study("s").counts.waiting(), kRunning);
  for (int i = 0; i < kRunning; ++i) {
    const TrialState& trial = house_.trial("s", i);
    ASSERT_EQ(trial.row.lost_leases, 0);
    ASSERT_EQ(trial.attempt->outcome, v1::Attempt::GIVEN_BACK);
    ASSERT_THAT(trial.attempt->message, ::testing::HasSubstr("restored"));
  }
}

TEST_F(RestoreTest, TokensFromBeforeAreStaleAndNewOnesAreOfTheNewEpoch) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const v1::FencingToken stale = house_.Acquire(worker).trial().token();
  Restore();
  // Also before they were put back.
  EXPECT_TRUE(error::HasReason(Report(stale, 1, 0.9).status(), error::kLeaseLost));
  EXPECT_TRUE(error::HasReason(Complete(stale).status(), error::kLeaseLost));
  EXPECT_FALSE(house_.core().Revive(ToToken(stale), worker));
  EXPECT_EQ(house_.core().Status().late_values_kept(), 1) << "kept apart";
  const auto again = house_.Acquire(worker);
  ASSERT_TRUE(again.has_trial());
  EXPECT_EQ(again.trial().trial().number(), 0) << "what was begun is handed out again";
  EXPECT_EQ(again.trial().token().epoch(), 2);
  ASSERT_TRUE(Report(again.trial().token(), 1, 0.4).ok());
  ASSERT_TRUE(Complete(again.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.4);
}

// Whose commits a power loss takes, if so wished.
class ForgetfulStore : public storage::MemoryStore {
 public:
  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    return forgets ? absl::OkStatus() : MemoryStore::Apply(batch, commit);
  }
  bool forgets = false;
};

// As a data directory that was put back to an earlier day: nothing in it shows that.
TEST(ForgetfulStoreTest, NoTokenOfALostLifeIsIssuedAgain) {
  ForgetfulStore store;
  Harness house(absl::Seconds(60), nullptr, &store);
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house.NewRequestId();
  *request.mutable_study() = NetworkStudy("s");
  ASSERT_TRUE(house.Call(&Core::CreateStudy, request).ok());
  const std::string worker = house.Register("w");
  store.forgets = true;
  house.Restart();
  const v1::FencingToken lost = house.Acquire(worker).trial().token();
  store.forgets = false;
  house.Restart();
  const v1::FencingToken token = house.Acquire(worker).trial().token();
  EXPECT_EQ(token.epoch(), lost.epoch());
  EXPECT_NE(token.counter(), lost.counter());
  EXPECT_FALSE(house.Renew(worker, {ToToken(lost)}).held[0]);
  EXPECT_TRUE(house.Renew(worker, {ToToken(token)}).held[0]);
}

TEST_F(RestoreTest, ATestEvaluationThatRanIsGivenToAnother) {
  EndStudy(true);
  const auto before = house_.Acquire(worker_);
  ASSERT_TRUE(before.has_evaluation());
  Restore();
  house_.Settle();
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = before.evaluation().token();
  (*finish.mutable_evaluated()->mutable_metrics())["test_accuracy"] = 0.1;
  EXPECT_TRUE(error::HasReason(house_.Call(&Core::Finish, finish).status(), error::kLeaseLost));
  const auto again = house_.Acquire(house_.Register("x"));
  ASSERT_TRUE(again.has_evaluation());
  EXPECT_EQ(again.evaluation().token().epoch(), 2);
  EXPECT_EQ(house_.study("s").evaluation->lost_leases, 0);
}

TEST_F(RestoreTest, WhatRanInAStudyThatWasEndingIsCancelled) {
  Create(NetworkStudy("s", 500));
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 450; ++i) ASSERT_TRUE(house_.Acquire(worker).has_trial());
  // Of their cancellation only the first commit is in the backup.
  int commits = 0;
  house_.store.SetBeforeApply([&](const storage::Batch&) {
    return ++commits == 1 ? absl::OkStatus() : absl::UnavailableError("later");
  });
  ASSERT_TRUE(house_.Stop("s", /*end=*/true).ok());
  ASSERT_GT(house_.study("s").counts.running(), 0) << "so many are not cancelled at once";
  house_.store.SetBeforeApply(nullptr);
  Restore();
  house_.Advance(absl::Seconds(1));
  EXPECT_EQ(house_.study("s").counts.cancelled(), 450);
}

}  // namespace
}  // namespace caviar::coordinator
