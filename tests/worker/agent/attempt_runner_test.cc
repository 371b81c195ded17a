// One attempt, without a network.
#include "worker/agent/attempt_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <new>
#include <sstream>
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
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_)));
  }
  ~AttemptRunnerTest() override { spdlog::set_default_logger(log_before_); }
  // A trial that ends so; the coordinator says that it is in `state` then.
  void RunTrial(const training::Outcome& outcome, v1::Trial::State state) {
    trainer_.train = [&](const auto&, auto&) { return outcome; };
    client_.finish = [this, state](const v1::FinishWorkRequest&) {
      // Its answer overlaps a renewal's.
      lease_.Lose();
      v1::FinishWorkResponse response;
      response.set_state(state);
      return response;
    };
    went_well_ = runner_.RunTrial(FakeWork::Trial(1).trial(), lease_, [this] { ++troubles_; });
  }
  void RunEvaluation() {
    went_well_ = runner_.RunEvaluation(FakeWork::Evaluation(1, "weights").evaluation(), lease_,
                                       [this] { ++troubles_; });
  }

  FakeClient client_;
  FakeTrainer trainer_;
  Lease lease_{v1::FencingToken(), absl::Seconds(60), [] { return absl::ZeroDuration(); }};
  AttemptRunner runner_{client_, trainer_, AttemptRunner::Options()};
  std::vector<v1::FinishWorkRequest> finished_;
  std::vector<v1::GiveBackWorkRequest> given_back_;
  bool went_well_ = false;
  int evaluations_ = 0;
  int troubles_ = 0;
  std::ostringstream log_;
  const std::shared_ptr<spdlog::logger> log_before_ = spdlog::default_logger();
};

TEST_F(AttemptRunnerTest, AnEndThatTheCoordinatorTookIsNotLostWithTheLease) {
  RunTrial(training::Outcome(), v1::Trial::COMPLETED);
  EXPECT_THAT(log_.str(), HasSubstr("ends, lease 0.0: COMPLETED\n"));
  EXPECT_TRUE(went_well_);
}

TEST_F(AttemptRunnerTest, APauseGoesWellAndAStopInItsPlaceDoesNot) {
  for (const bool pauses : {true, false}) {
    Lease lease(v1::FencingToken(), absl::Seconds(60), [] { return absl::ZeroDuration(); });
    trainer_.train = [&](const auto&, auto&) {
      pauses ? lease.Pause() : lease.RequestCheckpoint();
      training::Outcome outcome;
      outcome.kind = training::Outcome::Kind::kStopped;
      return outcome;
    };
    EXPECT_EQ(runner_.RunTrial(FakeWork::Trial(1).trial(), lease, [] {}), pauses);
  }
  EXPECT_EQ(given_back_.size(), 2u);
}

TEST_F(AttemptRunnerTest, TheLogSaysInOneLineWhyATrialFailed) {
  training::Outcome outcome;
  outcome.kind = training::Outcome::Kind::kFailed;
  outcome.message = "exited with code 1:\x1B[1m\nwhy" + std::string(1000, '!');
  RunTrial(outcome, v1::Trial::FAILED);
  EXPECT_THAT(log_.str(), HasSubstr("ends, lease 0.0: FAILED: exited with code 1: [1m why!!!"));
  EXPECT_LT(log_.str().size(), 1000u);
}

TEST_F(AttemptRunnerTest, AnEvaluationThatFailedIsWarnedOf) {
  trainer_.evaluate = [](const std::string&) {
    return absl::NotFoundError("there is no test.csv");
  };
  client_.download = [](int64_t) { return "weights"; };
  RunEvaluation();
  EXPECT_EQ(finished_.size(), 1u);
  EXPECT_THAT(log_.str(), HasSubstr("[warning] evaluation of mnist/1 on the test set ends, lease "
                                    "0.0: FAILED: there is no test.csv\n"));
}

TEST_F(AttemptRunnerTest, AnEvaluationWhoseResultIsRefusedIsSaidToHaveFailed) {
  client_.download = [](int64_t) { return "weights"; };
  client_.finish =
      [](const v1::FinishWorkRequest& request) -> absl::StatusOr<v1::FinishWorkResponse> {
    if (request.has_evaluated()) return absl::InvalidArgumentError("too many classes");
    return v1::FinishWorkResponse();
  };
  RunEvaluation();
  EXPECT_THAT(log_.str(), HasSubstr("FAILED: the coordinator refused the outcome: too many"));
}

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
