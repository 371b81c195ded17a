// The agent and studies that run programs: their code, what they print, and how they ask for more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/worker/agent/agent_fixture.h"
#include "tests/worker/agent/read_file.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AgentProgramTest : public AgentTest {
 protected:
  AgentProgramTest() {
    code_directory_ = absl::StrCat(testing::TempDir(), "/caviar_code_", getpid());
  }
  void TearDown() override {
    StopAgent();
    std::filesystem::remove_all(code_directory_);
  }
};

TEST_F(AgentProgramTest, WhatItPrintsIsStoredBeforeItsOutcome) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver& observer) {
    EXPECT_EQ(work.attempt, 1);
    EXPECT_EQ(work.code_archive, "");
    observer.OnLog("epoch 1\n");
    observer.OnLog("epoch 2\n");
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1));
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_EQ(work_.log(), "epoch 1\nepoch 2\n");
  EXPECT_EQ(work_.events().back(), "finish");
}

TEST_F(AgentProgramTest, WhatItPrintsCanBeReadWhileItRuns) {
  absl::Notification read;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnLog("epoch 1\n");
    read.WaitForNotification();
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1));
  work_.AwaitLog("epoch 1\n");
  read.Notify();
  work_.AwaitFinish();
}

TEST_F(AgentProgramTest, WhatItPrintsIsSentAgainOnceTheCoordinatorIsBack) {
  work_.FailLogs(absl::UnavailableError("away"));
  absl::Notification away;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnLog("epoch 1\n");
    away.WaitForNotification();
    observer.OnLog("epoch 2\n");
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1));
  work_.AwaitLogTries(2);
  away.Notify();
  work_.FailLogs(absl::OkStatus());
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_EQ(work_.log(), "epoch 1\nepoch 2\n");
}

TEST_F(AgentProgramTest, ItsOutcomeDoesNotWaitForALogThatIsNotTaken) {
  log_.patience = absl::ZeroDuration();
  work_.FailLogs(absl::UnavailableError("away"));
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnLog("epoch 1\n");
    observer.OnMeasurement(At(1));
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1));
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_THAT(work_.events(), ElementsAre("step 1", "finish"));
}

TEST_F(AgentProgramTest, ALogThatIsRefusedIsNoReasonToFail) {
  work_.FailLogs(absl::UnimplementedError("an older coordinator"));
  absl::Notification refused;
  trainer_.train = [&](const AttemptWork&, AttemptObserver& observer) {
    observer.OnLog("epoch 1\n");
    refused.WaitForNotification();
    observer.OnLog("epoch 2\n");
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1));
  work_.AwaitLogTries(1);
  refused.Notify();
  EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_THAT(work_.events(), ElementsAre("finish"));
}

TEST_F(AgentProgramTest, OneThatAsksToBeRunAgainSaysWhy) {
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    EXPECT_EQ(work.attempt, 2);
    Outcome outcome = OutcomeOf(Outcome::Kind::kRunAgain);
    outcome.message = "exited with code 75: no licence \xFF";
    return outcome;
  };
  Start();
  v1::AcquireWorkResponse work = FakeWork::Program(1);
  work.mutable_trial()->set_attempt(2);
  work_.Grant(work);
  const v1::FinishWorkRequest finish = work_.AwaitFinish();
  ASSERT_TRUE(finish.has_run_again());
  EXPECT_EQ(finish.run_again().message(), "exited with code 75: no licence ?");
}

TEST_F(AgentProgramTest, ItsCodeIsFetchedOnceForAllSlots) {
  const std::string code = std::string(3 << 20, 'c') + "end";
  work_.set_code(code);
  std::atomic<int> running = 0;
  trainer_.train = [&](const AttemptWork& work, AttemptObserver&) {
    for (++running; running < 2;) std::this_thread::yield();
    EXPECT_TRUE(ReadFile(work.code_archive) == code);
    return Outcome();
  };
  Start(/*slots=*/2);
  for (int number = 1; number <= 2; ++number) work_.Grant(FakeWork::Program(number, code));
  for (int number = 1; number <= 2; ++number) EXPECT_TRUE(work_.AwaitFinish().has_completed());
  EXPECT_EQ(work_.code_calls(), 4);
}

TEST_F(AgentProgramTest, CodeThatIsGoneFailsTheTrialAndSaysWhatToDo) {
  Start();
  work_.Grant(FakeWork::Program(1, "code"));
  const std::string message = work_.AwaitFinish().failed().message();
  EXPECT_THAT(message, HasSubstr("no study has this code"));
  EXPECT_THAT(message, HasSubstr("create the study again"));
}

TEST_F(AgentProgramTest, CodeThatComesOutDamagedIsNotRun) {
  work_.set_code("cope");
  Start();
  work_.Grant(FakeWork::Program(1, "code"));
  EXPECT_THAT(work_.AwaitFinish().failed().message(), HasSubstr("another size or checksum"));
  EXPECT_EQ(work_.code_calls(), 3) << "tries";
}

TEST_F(AgentProgramTest, AWorkerThatRunsNoProgramsFetchesNoCode) {
  code_directory_.clear();
  work_.set_code("code");
  trainer_.train = [](const AttemptWork& work, AttemptObserver&) {
    EXPECT_EQ(work.code_archive, "");
    return Outcome();
  };
  Start();
  work_.Grant(FakeWork::Program(1, "code"));
  work_.AwaitFinish();
  EXPECT_EQ(work_.code_calls(), 0);
}

}  // namespace
}  // namespace caviar::agent
