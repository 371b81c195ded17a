// `caviar run` and `caviar study try` with the real programs: what they do, and that they leave
// nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/system/cluster.h"
#include "tests/system/process.h"

namespace caviar::system_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RunTest : public ::testing::Test {
 protected:
  RunTest() : mark_("TEST_MARK=" + cluster_.directory()) {}

  // A study of three trials whose program is this script, with the argument ${x}.
  std::string StudyFile(const std::string& script) {
    const std::string file = cluster_.directory() + "/study.yaml";
    std::filesystem::create_directories(cluster_.directory() + "/project");
    WriteFile(cluster_.directory() + "/project/train.sh", script);
    WriteFile(file, R"(
study: shell
objective: {metric: accuracy, goal: maximize}
trainer:
  command:
    run: [sh, train.sh, "${x}"]
    code: {upload: project}
    pass_env: [TEST_MARK]
    stop_grace: 1s
sampler: {algorithm: sobol, seed: 1}
limits: {max_trials: 3}
parameters: {x: {min: 10, max: 99}}
)");
    return file;
  }

  std::unique_ptr<Process> Caviar(const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), cluster_.Binary("caviar"));
    return std::make_unique<Process>(cluster_.directory(), name, arguments,
                                     std::vector<std::string>{mark_});
  }

  // Processes that were started with the mark in their environment.
  std::vector<std::string> Left() const {
    std::vector<std::string> left;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      if (ReadFile(entry.path() / "environ").find(mark_) == std::string::npos) continue;
      left.push_back(ReadFile(entry.path() / "cmdline"));
    }
    return left;
  }

  std::string data() const { return cluster_.directory() + "/results"; }

  Cluster cluster_;
  const std::string mark_;
};

constexpr char kTrain[] = "echo \"caviar: {\\\"step\\\": 1, \\\"accuracy\\\": 0.$1}\"\n";

TEST_F(RunTest, TunesShowsTheBestAndLeavesNothingBehind) {
  const auto caviar =
      Caviar("run", {"run", StudyFile(kTrain), "--data-dir", data(), "--slots", "2"});
  ASSERT_EQ(caviar->Wait(), 0) << caviar->Errors() << ReadFile(data() + "/worker.log");
  EXPECT_THAT(caviar->Output(), HasSubstr("study shell ended (max_trials)"));
  EXPECT_THAT(caviar->Output(), HasSubstr("RANK  TRIAL  ACCURACY"));
  EXPECT_THAT(Left(), IsEmpty());
  // Nobody else could look into the folder at any time.
  EXPECT_THAT(ReadFile(data() + "/coordinator.log"), Not(HasSubstr("open to other users")));
  const auto again = Caviar("again", {"run", StudyFile(kTrain), "--data-dir", data()});
  EXPECT_EQ(again->Wait(), 0) << again->Errors();
  EXPECT_THAT(again->Errors(), HasSubstr("has ended before"));
}

TEST_F(RunTest, CtrlCLeavesNothingBehindAndItGoesOnLater) {
  const std::string begun = cluster_.directory() + "/begun";
  const std::string file = StudyFile("touch " + begun + "; sleep 1000 & wait\n");
  const auto caviar = Caviar("run", {"run", file, "--data-dir", data()});
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(begun) || !caviar->Running(); }));
  ASSERT_TRUE(caviar->Running()) << caviar->Errors();
  caviar->Signal(SIGINT);
  EXPECT_EQ(caviar->Wait(), 130);
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_THAT(caviar->Errors(), HasSubstr("interrupted; `caviar run "));

  // The code is that of the time when the study was created: the trials still sleep.
  std::filesystem::remove(begun);
  const auto again = Caviar("again", {"run", file, "--data-dir", data()});
  EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(begun) || !again->Running(); }));
  EXPECT_THAT(again->Errors(), HasSubstr("goes on"));
  // Killed, it leaves nothing behind either.
  again->Kill();
  EXPECT_TRUE(Eventually([this] { return Left().empty(); }));
}

TEST_F(RunTest, AStudyThatIsTriedTellsWhatIsMissingAndLeavesNothingBehind) {
  const auto tried = Caviar("try", {"study", "try", StudyFile("echo \"accuracy: 0.$1\"\n")});
  EXPECT_EQ(tried->Wait(), 1);
  EXPECT_THAT(tried->Output(), HasSubstr("$ sh train.sh 54\n"));
  EXPECT_THAT(tried->Output(), HasSubstr("| accuracy: 0.54\n"));
  EXPECT_THAT(tried->Output(), HasSubstr("patterns: ['accuracy: (?P<accuracy>[0-9.]+)']"));
  const auto better = Caviar("try2", {"study", "try", StudyFile(kTrain)});
  EXPECT_EQ(better->Wait(), 0) << better->Output();
  EXPECT_THAT(better->Output(), HasSubstr("nothing is missing"));
  EXPECT_THAT(Left(), IsEmpty());
}

}  // namespace
}  // namespace caviar::system_test
