#include "client/local/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::local {
namespace {

using ::testing::HasSubstr;

// Longer than anything takes.
constexpr absl::Duration kPatience = absl::Minutes(2);

class ChildProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<ChildProcess> Start(const std::string& script) {
    auto process = ChildProcess::Start({"/bin/sh", "-c", script}, log_);
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  storage::TemporaryFolder folder_;
  const std::string log_ = folder_.path() + "/log";
};

// Whether a process is gone, or only to be reaped by its new parent.
bool IsGone(pid_t process) {
  if (kill(process, 0) != 0) return errno == ESRCH;
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text{std::istreambuf_iterator<char>(stat), {}};
  return text.empty() || text.substr(text.rfind(')') + 2, 1) == "Z";
}

TEST_F(ChildProcessTest, ItsFirstLineIsReadAndItsErrorsGoToTheLog) {
  const auto process = Start("echo trouble >&2; echo serves here; exit 3");
  EXPECT_EQ(process->ReadLine(kPatience).value_or(""), "serves here");
  process->End(kPatience);
  EXPECT_THAT(process->DescribeEnd(), HasSubstr("ends with\ntrouble"));
}

TEST_F(ChildProcessTest, OnlyWhatItAddedToTheLogIsShown) {
  std::ofstream(log_) << "old\n";
  const auto process = Start("exit 3");
  EXPECT_TRUE(absl::IsUnavailable(process->ReadLine(kPatience).status()));
  EXPECT_EQ(process->DescribeEnd(), "with code 3; its log, " + log_ + ", says nothing");
}

TEST_F(ChildProcessTest, ASilentOneIsNotWaitedForForEver) {
  const auto process = Start("sleep 1000");
  EXPECT_TRUE(absl::IsDeadlineExceeded(process->ReadLine(absl::Milliseconds(50)).status()));
}

TEST_F(ChildProcessTest, EndsPolitelyAndElseByForce) {
  const auto polite = Start("trap 'echo bye >&2; exit 0' TERM; echo; while :; do sleep 0.01; done");
  ASSERT_TRUE(polite->ReadLine(kPatience).ok());
  polite->End(kPatience);
  EXPECT_THAT(polite->DescribeEnd(), HasSubstr("with code 0"));
  EXPECT_THAT(polite->DescribeEnd(), HasSubstr("bye"));
  const auto deaf = Start("trap '' TERM; echo $$; while :; do sleep 0.01; done");
  pid_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(deaf->ReadLine(kPatience).value_or(""), &pid));
  deaf->End(absl::Milliseconds(50));
  EXPECT_TRUE(IsGone(pid));
  EXPECT_THAT(deaf->DescribeEnd(), HasSubstr("by signal 9"));
}

TEST_F(ChildProcessTest, OneThatCannotBeStartedSaysSo) {
  const auto process = ChildProcess::Start({"/nowhere/program"}, log_);
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(absl::IsUnavailable((*process)->ReadLine(kPatience).status()));
  EXPECT_THAT((*process)->DescribeEnd(), HasSubstr("with code 127"));
  EXPECT_FALSE(ChildProcess::Start({"/bin/true"}, "/nowhere/log").ok());
}

TEST_F(ChildProcessTest, ProgramsAreFoundByPath) {
  EXPECT_TRUE(absl::IsNotFound(FindProgram("caviar-nothing").status()));
  const auto sh = FindProgram("sh");
  ASSERT_TRUE(sh.ok()) << sh.status();
  EXPECT_EQ(sh->substr(sh->rfind('/')), "/sh");
}

}  // namespace
}  // namespace caviar::local
