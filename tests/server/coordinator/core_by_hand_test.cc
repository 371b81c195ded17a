// Trials that a person has run once more, or cancels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

class ByHandTest : public AskTest {
 protected:
  absl::StatusOr<v1::Trial> Retry(int number) {
    v1::RetryTrialRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    request.set_number(number);
    return house_.Call(&Core::RetryTrial, request);
  }
  absl::StatusOr<v1::CancelTrialsResponse> Cancel(std::vector<int> numbers) {
    v1::CancelTrialsRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    request.mutable_numbers()->Add(numbers.begin(), numbers.end());
    return house_.Call(&Core::CancelTrials, request);
  }
  v1::AskTrialResponse Told(double value) {
    const auto asked = Ask("s");
    EXPECT_TRUE(asked.ok()) << asked.status();
    EXPECT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, value)).ok());
    return *asked;
  }
};

TEST_F(ByHandTest, ARetryIsANewTrialWithTheSameConfiguration) {
  Create(ExternalStudy("s"));
  const v1::AskTrialResponse first = Told(0.5);
  const auto again = Retry(0);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->number(), 1);
  EXPECT_EQ(again->state(), v1::Trial::WAITING);
  EXPECT_EQ(again->origin(), v1::Trial::ADDED);
  EXPECT_EQ(again->message(), "trial 0 once more");
  const auto asked = Ask("s");
  EXPECT_EQ(asked->trial().number(), 1);
  EXPECT_EQ(asked->trial().parameters().at("learning_rate").double_value(),
            first.trial().parameters().at("learning_rate").double_value());
}

TEST_F(ByHandTest, OnlyWhatHasEndedIsRetried) {
  Create(ExternalStudy("s"));
  ASSERT_TRUE(Ask("s").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Retry(0).status()));
  EXPECT_THAT(Retry(0).status().message(), HasSubstr("is RUNNING"));
  EXPECT_TRUE(absl::IsNotFound(Retry(1).status()));
}

TEST_F(ByHandTest, ARetryCountsForTheLimitAndAnEndedStudyTakesNone) {
  Create(ExternalStudy("s", 1));
  Told(0.5);
  const auto refused = Retry(0);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().message(), HasSubstr("caviar study update s"));
}

TEST_F(ByHandTest, RunningAndWaitingTrialsAreCancelled) {
  Create(ExternalStudy("s"));
  Told(0.5);
  const auto running = Ask("s");
  ASSERT_TRUE(running.ok());
  ASSERT_TRUE(Retry(0).ok());
  const auto cancelled = Cancel({1, 2});
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  ASSERT_EQ(cancelled->trials_size(), 2);
  for (const v1::Trial& trial : cancelled->trials()) {
    EXPECT_EQ(trial.state(), v1::Trial::CANCELLED);
    EXPECT_EQ(trial.message(), "cancelled by a person");
  }
  const auto told = house_.Call(&Core::Tell, TellRequest(*running, 0.9));
  EXPECT_TRUE(error::HasReason(told.status(), error::kLeaseLost)) << "its lease is over";
  EXPECT_TRUE(Cancel({1}).ok()) << "it is cancelled already";
  EXPECT_EQ(house_.study("s").counts.cancelled(), 2);
}

TEST_F(ByHandTest, OfSeveralAllAreCancelledOrNone) {
  Create(ExternalStudy("s"));
  Told(0.5);
  ASSERT_TRUE(Ask("s").ok());
  const auto refused = Cancel({1, 0});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().message(), HasSubstr("trial 0 of study 's' is COMPLETED already"));
  EXPECT_EQ(house_.trial("s", 1).row.state, v1::Trial::RUNNING);
  EXPECT_TRUE(absl::IsNotFound(Cancel({1, 7}).status()));
  EXPECT_EQ(house_.trial("s", 1).row.state, v1::Trial::RUNNING);
}

}  // namespace
}  // namespace caviar::coordinator
