// One attempt, without a network.
#include "worker/agent/attempt_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/worker/agent/fake_client.h"
#include "tests/worker/agent/fake_work.h"

namespace caviar::agent {
namespace {

using testing::HasSubstr;

class AttemptRunnerTest : public testing::Test {
 protected:
  AttemptRunnerTest() {
    client_.finish = [this](const v1::FinishWorkRequest& request) {
      finished_.push_back(request);
      return v1::FinishWorkResponse();
    };
    client_.give_back = [this](const v1::GiveBackWorkRequest& request) {
      given_back_.push_back(request);
      return v1::GiveBackWorkResponse();
    };
    trainer_.evaluate = [this](const std::string&) {
      ++evaluations_;
      return training::TestResult();
    };
  }
  void RunEvaluation() {
    runner_.RunEvaluation(FakeWork::Evaluation(1, "weights").evaluation(), lease_,
                          [this] { ++troubles_; });
  }

  FakeClient client_;
  FakeTrainer trainer_;
  Lease lease_{v1::FencingToken(), absl::Seconds(60), [] { return absl::ZeroDuration(); }};
  AttemptRunner runner_{client_, trainer_, AttemptRunner::Options()};
  std::vector<v1::FinishWorkRequest> finished_;
  std::vector<v1::GiveBackWorkRequest> given_back_;
  int evaluations_ = 0;
  int troubles_ = 0;
};

TEST_F(AttemptRunnerTest, ATrialWhoseCheckpointWentWithItsLeaseIsDropped) {
  client_.download = [](int64_t) { return absl::NotFoundError("the study has ended"); };
  std::thread renewer([this] {
    while (!lease_.Fenced() && !lease_.ended()) std::this_thread::yield();
    lease_.Lose();
  });
  runner_.RunTrial(FakeWork::TrialAfter(1, 3, "checkpoint").trial(), lease_,
                   [this] { ++troubles_; });
  renewer.join();
  EXPECT_EQ(troubles_, 0);
  EXPECT_TRUE(given_back_.empty()) << "its checkpoint is not to blame";
}

TEST_F(AttemptRunnerTest, AnEvaluationWhoseLeaseEndsWhileItsWeightsComeIsDropped) {
  client_.download = [this](int64_t) {
    lease_.Lose();
    return absl::UnavailableError("restarting");
  };
  RunEvaluation();
  EXPECT_EQ(troubles_, 0);
  EXPECT_EQ(evaluations_, 0);
  EXPECT_TRUE(finished_.empty());
  EXPECT_TRUE(given_back_.empty());
}

TEST_F(AttemptRunnerTest, AnEvaluationThatIsToStopWhileItsWeightsComeIsGivenBack) {
  client_.download = [this](int64_t) {
    lease_.Stop();
    return absl::UnavailableError("restarting");
  };
  RunEvaluation();
  EXPECT_EQ(troubles_, 0);
  EXPECT_EQ(evaluations_, 0);
  EXPECT_TRUE(finished_.empty());
  ASSERT_EQ(given_back_.size(), 1u);
  EXPECT_EQ(given_back_[0].worker_trouble(), "");
}

TEST_F(AttemptRunnerTest, WeightsThatTheMemoryDoesNotHoldFailTheEvaluation) {
  client_.download = [](int64_t) -> absl::StatusOr<std::string> { throw std::bad_alloc(); };
  RunEvaluation();
  EXPECT_EQ(troubles_, 0);
  EXPECT_TRUE(given_back_.empty());
  ASSERT_EQ(finished_.size(), 1u);
  EXPECT_THAT(finished_[0].failed().message(), HasSubstr("out of memory"));
}

}  // namespace
}  // namespace caviar::agent
