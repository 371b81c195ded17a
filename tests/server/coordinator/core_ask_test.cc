// Loops of one's own, which ask and tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

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

// Parallel trials are few, so that one that nobody has would block the study.
class LostAnswerTest : public AskTest {
 protected:
  void CreateStudy() {
    v1::Study definition = ExternalStudy("s");
    definition.mutable_limits()->set_parallel(1);
    definition.mutable_limits()->set_max_attempts(1);
    Create(definition);
  }
  absl::StatusOr<v1::AskTrialResponse> AskAgain() {
    --asks_;
    return Ask("s");
  }
  void LoseAnswer(const v1::AskTrialResponse& asked) {
    house_.Queue<v1::GiveBackWorkResponse>(
        [token = ToToken(asked.token())](Core& core) {
          core.LoseAnswer(token);
          return absl::StatusOr<v1::GiveBackWorkResponse>(v1::GiveBackWorkResponse());
        },
        [](const auto&) {});
    house_.Settle();
  }
  bool IsHeld(const v1::AskTrialResponse& asked) {
    return house_.Call(&Core::Tell, TellRequest(asked, 0.5)).ok();
  }
};

TEST_F(LostAnswerTest, ItsTrialGoesToTheNextAskerAndCountsAgainstNobody) {
  CreateStudy();
  const auto lost = Ask("s");
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_FALSE(Ask("s").ok()) << "limits.parallel";
  LoseAnswer(*lost);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 0);
  EXPECT_EQ(house_.trial("s", 0).attempt->message, "its asker went away before it got it");
  const auto next = Ask("s");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->trial().number(), 0);
  EXPECT_FALSE(IsHeld(*lost));
  EXPECT_TRUE(IsHeld(*next));
}

TEST_F(LostAnswerTest, ARepeatAfterItGetsATokenThatStands) {
  CreateStudy();
  const auto lost = Ask("s");
  LoseAnswer(*lost);
  house_.Restart();
  const auto again = AskAgain();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_NE(again->token().counter(), lost->token().counter());
  house_.Restart();
  EXPECT_EQ(AskAgain()->token().counter(), again->token().counter());
  LoseAnswer(*lost);
  EXPECT_TRUE(IsHeld(*again));
}

TEST_F(LostAnswerTest, ARepeatThatWasAnsweredBeforeItKeepsTheToken) {
  CreateStudy();
  const auto lost = Ask("s");
  const auto again = AskAgain();
  EXPECT_EQ(again->token().counter(), lost->token().counter());
  LoseAnswer(*lost);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  LoseAnswer(*again);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING) << "neither reached anybody";
}

TEST_F(LostAnswerTest, ACommitThatFailsCountsNoAnswerTwice) {
  CreateStudy();
  const auto lost = Ask("s");
  const auto again = AskAgain();
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  house_.Post({.decide = [token = ToToken(lost->token())](Core& core) { core.LoseAnswer(token); },
               .answer = [](const absl::Status&) {},
               .lasting = true});
  v1::CreateStudyRequest other;
  *other.mutable_request_id() = house_.NewRequestId();
  *other.mutable_study() = ExternalStudy("other");
  EXPECT_FALSE(house_.Call(&Core::CreateStudy, other).ok()) << "in the same batch";
  house_.store.SetBeforeApply(nullptr);
  house_.Advance(absl::Seconds(2));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING) << "the repeat's answer stands";
  LoseAnswer(*again);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
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

// Nobody listens to it: another trial would be lost for as long as its lease.
TEST_F(AskTest, ALateCopyOfAnAskGetsNoOtherTrial) {
  Create(ExternalStudy("s"));
  const auto first = Ask("s");
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*first, 0.5)).ok());
  for (const bool restarted : {false, true}) {
    if (restarted) house_.Restart();
    --asks_;
    const auto again = Ask("s");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->token().counter(), first->token().counter());
    EXPECT_EQ(again->trial().state(), v1::Trial::COMPLETED);
    EXPECT_EQ(house_.study("s").counts.running(), 0);
  }
}

TEST_F(AskTest, AnAskWhoseTrialWentToAnotherGetsOneMoreAndNoThird) {
  Create(ExternalStudy("s"));
  ASSERT_EQ(Ask("s", absl::Minutes(5))->trial().number(), 0);
  ASSERT_EQ(Ask("s", absl::Minutes(5))->trial().number(), 1);
  house_.Advance(absl::Minutes(6));
  ASSERT_EQ(Ask("s", absl::Minutes(5))->trial().number(), 0);
  ASSERT_EQ(Ask("s")->trial().number(), 1);
  house_.Advance(absl::Minutes(6));
  asks_ = 1;
  const auto again = Ask("s");
  ASSERT_EQ(again->trial().number(), 0);
  for (const bool restarted : {false, true}) {
    if (restarted) house_.Restart();
    asks_ = 1;
    EXPECT_EQ(Ask("s")->token().counter(), again->token().counter());
  }
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
