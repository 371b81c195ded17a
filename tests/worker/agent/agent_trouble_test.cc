// The agent where its machine keeps it from a trial: given back, and nobody's fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/worker/agent/agent_fixture.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Outcome TroubleOf(const std::string& message) {
  Outcome outcome = OutcomeOf(Outcome::Kind::kWorkerTrouble);
  outcome.message = message;
  return outcome;
}

// Keeps what was warned of.
class Warnings : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level >= spdlog::level::warn) {
      texts_.emplace_back(message.payload.data(), message.payload.size());
    }
  }
  void flush_() override {}

 private:
  std::vector<std::string> texts_;  // guarded by mutex_
};

class AgentTroubleTest : public AgentTest {
 protected:
  AgentTroubleTest()
      : log_before_(spdlog::default_logger()), warnings_(std::make_shared<Warnings>()) {
    code_directory_ = absl::StrCat(testing::TempDir(), "/caviar_trouble_", getpid());
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", warnings_));
  }
  void TearDown() override {
    StopAgent();
    spdlog::set_default_logger(log_before_);
    std::filesystem::remove_all(code_directory_);
  }

  const std::shared_ptr<spdlog::logger> log_before_;
  const std::shared_ptr<Warnings> warnings_;
};

TEST_F(AgentTroubleTest, ATrialThatHadNoRoomIsGivenBackWithoutBlame) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    return work.trial.number() == 1 ? TroubleOf("no room \xFF") : Outcome();
  };
  Start();
  work_.Grant(1);
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_EQ(request.unusable_checkpoint(), "");
  EXPECT_EQ(request.worker_trouble(), "no room ?");
  EXPECT_TRUE(work_.nothing_finished());
  work_.Grant(2);
  EXPECT_TRUE(work_.AwaitFinish().has_completed()) << "the worker goes on";
}

TEST_F(AgentTroubleTest, AnEvaluationThatCannotBeDoneNowIsGivenBackWithoutBlame) {
  work_.set_file("weights");
  trainer_.evaluate = [](const std::string&) { return absl::UnavailableError("no files \xFF"); };
  trainer_.train = [](const AttemptWork&, AttemptObserver&) { return Outcome(); };
  Start();
  work_.Grant(FakeWork::Evaluation(1, "weights"));
  const v1::GiveBackWorkRequest request = work_.AwaitGiveBack();
  EXPECT_EQ(request.tokens(0).counter(), 101);
  EXPECT_EQ(request.worker_trouble(), "no files ?");
  EXPECT_TRUE(work_.nothing_finished());
  work_.Grant(2);
  EXPECT_TRUE(work_.AwaitFinish().has_completed()) << "the worker goes on";
  StopAgent();
  EXPECT_THAT(warnings_->texts(), ElementsAre(HasSubstr("evaluation of mnist/1 on the test set "
                                                        "ends, lease 1.101: given back, this "
                                                        "worker cannot do it now: no files")));
}

TEST_F(AgentTroubleTest, WeightsThatTheCoordinatorCannotReadNowFailNoEvaluation) {
  work_.coordinator.download_chunk = [](const auto&) -> absl::StatusOr<v1::DownloadChunkResponse> {
    return absl::FailedPreconditionError("not now");
  };
  Start();
  work_.Grant(FakeWork::Evaluation(1, "weights"));
  EXPECT_EQ(work_.AwaitGiveBack().worker_trouble(), "the weights could not be fetched: not now");
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentTroubleTest, AllItsSlotsPause) {
  // A pause is drawn from [6 h, 60 h].
  backoff_ = {absl::Hours(1), absl::Hours(1)};
  trainer_.train = [](const AttemptWork&, AttemptObserver&) { return TroubleOf("no room"); };
  Start(/*slots=*/3);
  work_.coordinator.AwaitAcquires(3);
  work_.Grant(1);
  work_.AwaitGiveBack();
  work_.coordinator.AwaitCancelled(2);
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_EQ(work_.coordinator.acquires().size(), 3u);
  StopAgent();
  EXPECT_THAT(warnings_->texts(), ElementsAre(HasSubstr("no room")));
}

TEST_F(AgentTroubleTest, ItsSlotsNoLongerWaitWhenItGivesATrialBack) {
  trainer_.train = [](const AttemptWork&, AttemptObserver&) { return TroubleOf("no room"); };
  Start(/*slots=*/2);
  work_.coordinator.AwaitAcquires(2);
  work_.coordinator.give_back_work = [&](const auto&) {
    work_.coordinator.AwaitCancelled();
    return v1::GiveBackWorkResponse();
  };
  work_.Grant(1);
  work_.coordinator.AwaitAcquires(3);
}

TEST_F(AgentTroubleTest, OneSlotTriesUntilATrialGoesWell) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    return work.trial.number() < 3 ? TroubleOf("no room") : Outcome();
  };
  Start(/*slots=*/3);
  work_.coordinator.AwaitAcquires(3);
  for (int i = 0; i < 3; ++i) {
    work_.Grant(i);
    work_.AwaitGiveBack();
    work_.coordinator.AwaitCancelled(2);
    work_.coordinator.AwaitAcquires(4 + i);
    absl::SleepFor(absl::Milliseconds(100));
    EXPECT_EQ(work_.coordinator.acquires().size(), 4u + i);
  }
  work_.Grant(3);
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  work_.coordinator.AwaitAcquires(6 + 3);
}

TEST_F(AgentTroubleTest, AnEvaluationWhoseLeaseIsLostWhileItsWeightsComePausesNoSlot) {
  backoff_ = {absl::Hours(1), absl::Hours(1)};
  work_.coordinator.download_chunk = [&](const auto&) -> absl::StatusOr<v1::DownloadChunkResponse> {
    work_.Take(1);
    return absl::UnavailableError("restarting");
  };
  Start(/*slots=*/2);
  work_.coordinator.AwaitAcquires(2);
  work_.Grant(FakeWork::Evaluation(1, "weights"));
  work_.coordinator.AwaitAcquires(3);
  StopAgent();
  EXPECT_THAT(warnings_->texts(), IsEmpty());
  EXPECT_TRUE(work_.nothing_given_back());
}

TEST_F(AgentTroubleTest, ATrialWhoseLeaseIsLostEndsNoTrouble) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    return work.trial.number() == 1 ? TroubleOf("no room") : TrainUntilStopped(work, observer);
  };
  Start(/*slots=*/2);
  work_.coordinator.AwaitAcquires(2);
  work_.Grant(1);
  work_.AwaitGiveBack();
  work_.coordinator.AwaitCancelled();
  work_.coordinator.AwaitAcquires(3);
  work_.Take(2);
  work_.Grant(2);
  work_.coordinator.AwaitAcquires(4);
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(work_.coordinator.acquires().size(), 4u) << "the other slot waits";
}

TEST_F(AgentTroubleTest, CodeThatCannotBeWrittenIsNoFaultOfTheTrial) {
  std::ofstream(code_directory_) << "a file is in the way";
  work_.set_code("code");
  Start();
  work_.Grant(FakeWork::Program(1, "code"));
  EXPECT_THAT(work_.AwaitGiveBack().worker_trouble(), HasSubstr("--work-dir"));
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentTroubleTest, CodeThatTheCoordinatorCannotReadNowIsNoFaultOfTheTrial) {
  const std::vector<absl::Status> errors = {absl::InternalError("too many open files"),
                                            absl::ResourceExhaustedError("too large"),
                                            absl::FailedPreconditionError("not now")};
  size_t at = 0;
  work_.coordinator.download_code = [&](const auto&) -> absl::StatusOr<v1::DownloadCodeResponse> {
    return errors[at];
  };
  Start();
  for (; at < errors.size(); ++at) {
    work_.Grant(FakeWork::Program(static_cast<int32_t>(at), "code"));
    EXPECT_THAT(work_.AwaitGiveBack().worker_trouble(), HasSubstr("could not be fetched"))
        << errors[at];
  }
  EXPECT_TRUE(work_.nothing_finished());
}

TEST_F(AgentTroubleTest, TheSameIsWarnedOfOnce) {
  const std::vector<std::string> troubles = {"no room",  "no room", "no files",
                                             "no files", "",        "no files"};
  trainer_.train = [&](const AttemptWork& work, AttemptObserver&) {
    const std::string& trouble = troubles[work.trial.number()];
    return trouble.empty() ? Outcome() : TroubleOf(trouble);
  };
  Start();
  for (size_t i = 0; i < troubles.size(); ++i) {
    work_.Grant(static_cast<int32_t>(i));
    if (troubles[i].empty()) {
      work_.AwaitFinish();
    } else {
      work_.AwaitGiveBack();
    }
  }
  StopAgent();
  EXPECT_THAT(warnings_->texts(), ElementsAre(HasSubstr("mnist/0 attempt 1 ends, lease 1.100: "
                                                        "given back, this worker cannot do it "
                                                        "now: no room"),
                                              HasSubstr("mnist/2 "), HasSubstr("mnist/5 ")));
}

}  // namespace
}  // namespace caviar::agent
