#include "server/study_end_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/temporary_folder.h"

namespace caviar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class StudyEndCommandTest : public ::testing::Test {
 protected:
  // Tells the end of study 1 at revision 2 to the command, and waits until it was told.
  void Tell(const std::string& command, absl::Duration timeout = absl::Seconds(60)) {
    StudyEndCommand told(command, timeout,
                         [this](const std::string& what) { failures_.push_back(what); });
    absl::Notification done;
    told.Tell({1, 2, R"({"study":"s"})", 0});
    told.Start([&](int64_t study_id, int32_t revision) {
      told_.emplace_back(study_id, revision);
      done.Notify();
    });
    done.WaitForNotification();
    told.Stop();
  }
  std::string File(const std::string& name) const {
    return absl::StrCat(folder_.path(), "/", name);
  }
  std::string Read(const std::string& name) const { return storage::ReadFile(File(name)); }

  const storage::TemporaryFolder folder_;
  std::vector<std::string> failures_;
  std::vector<std::pair<int64_t, int32_t>> told_;
};

TEST_F(StudyEndCommandTest, GetsTheOutcomeOnItsStandardInput) {
  Tell(absl::StrCat("cat > ", File("outcome")));
  EXPECT_EQ(Read("outcome"), "{\"study\":\"s\"}\n");
  EXPECT_THAT(told_, ElementsAre(Pair(1, 2)));
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(StudyEndCommandTest, KnowsNothingOfOurSecrets) {
  setenv("CAVIAR_TOKEN", "secret", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  Tell(absl::StrCat("env > ", File("environment")));
  unsetenv("CAVIAR_TOKEN");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  EXPECT_THAT(Read("environment"), HasSubstr("PATH="));
  EXPECT_THAT(Read("environment"), Not(HasSubstr("secret")));
}

TEST_F(StudyEndCommandTest, WhatFailsIsSaidAndNotTriedForEver) {
  Tell("exit 3");
  EXPECT_THAT(failures_, ElementsAre("ended with code 3"));
  EXPECT_THAT(told_, ElementsAre(Pair(1, 2)));
}

TEST_F(StudyEndCommandTest, OneThatReadsNothingIsNoFailure) {
  Tell("exec 0<&-; true");
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(StudyEndCommandTest, OneThatHangsIsEndedWithAllThatItStarted) {
  Tell(absl::StrCat("sleep 1000 & echo $! > ", File("child"), "; wait"), absl::Milliseconds(300));
  EXPECT_THAT(failures_, ElementsAre("was ended after 300ms"));
  EXPECT_THAT(told_, ElementsAre(Pair(1, 2)));
}

TEST_F(StudyEndCommandTest, ASignalThatEndsItIsNamed) {
  Tell("kill -9 $$");
  EXPECT_THAT(failures_, ElementsAre("was ended by signal 9"));
}

TEST_F(StudyEndCommandTest, OneThatHangsMayTidyUp) {
  Tell(absl::StrCat("trap 'echo tidy > ", File("end"), "; exit' TERM; sleep 1000 & wait"),
       absl::Milliseconds(300));
  EXPECT_THAT(failures_, ElementsAre("was ended after 300ms"));
  EXPECT_EQ(Read("end"), "tidy\n");
}

TEST_F(StudyEndCommandTest, NothingOutlivesACoordinatorThatIsKilled) {
  ASSERT_EQ(mkfifo(File("pipe").c_str(), 0600), 0);
  const pid_t coordinator = fork();
  ASSERT_GE(coordinator, 0);
  if (coordinator == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Each of these processes holds the pipe.
    Tell(absl::StrCat("exec > ", File("pipe"),
                      "; (trap '' TERM HUP; sleep 1000; sleep 1000) & echo there; wait"));
    _exit(1);
  }
  const int pipe = open(File("pipe").c_str(), O_RDONLY);
  char there[6];
  EXPECT_EQ(read(pipe, there, sizeof(there)), 6);
  kill(coordinator, SIGKILL);
  waitpid(coordinator, nullptr, 0);
  pollfd held = {pipe, POLLIN, 0};
  EXPECT_EQ(poll(&held, 1, 30'000), 1) << "one of them is left";
  close(pipe);
}

TEST_F(StudyEndCommandTest, OneThatIsCutShortByAShutdownIsNotHeard) {
  StudyEndCommand told(absl::StrCat("echo there > ", File("pipe"), "; sleep 1000"),
                       absl::Seconds(600), [](const std::string&) { FAIL(); });
  ASSERT_EQ(std::system(absl::StrCat("mkfifo ", File("pipe")).c_str()), 0);
  told.Tell({1, 2, "{}", 0});
  told.Start([](int64_t, int32_t) { FAIL() << "it did not end"; });
  EXPECT_EQ(Read("pipe"), "there\n");  // it runs
  told.Stop();
}

}  // namespace
}  // namespace caviar
