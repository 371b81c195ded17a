// What is done with studies that are there, by the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class DayTwoTest : public ::testing::Test {
 protected:
  void Create(int max_trials) {
    cluster_.CreateStudy(
        absl::StrCat("study: s\nobjective: {metric: accuracy, goal: maximize}\n"
                     "trainer: {external: {}}\nsampler: {algorithm: tpe, seed: 7}\n"
                     "limits: {max_trials: ",
                     max_trials,
                     "}\nparameters:\n  rate: {min: 0.001, max: 0.1, scale: log}\n"
                     "  layers: {type: int, min: 1, max: 4}\n"));
  }
  void Try() {
    const json asked = cluster_.Json({"ask", "s"});
    ASSERT_TRUE(asked.is_object());
    const int number = asked.at("trial").at("number");
    const CommandResult told =
        cluster_.Run({"tell", "s", absl::StrCat(number), absl::StrCat("accuracy=0.", number + 5)});
    ASSERT_EQ(told.exit_code, 0) << told.err;
  }
  std::string Read(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(cluster_.directory() + "/" + name).rdbuf();
    return text.str();
  }

  Cluster cluster_;
};

TEST_F(DayTwoTest, AStudyThatEndedIsChangedGoesOnAndIsVerified) {
  cluster_.StartCoordinator();
  ASSERT_NO_FATAL_FAILURE(Create(2));
  for (int i = 0; i < 2; ++i) ASSERT_NO_FATAL_FAILURE(Try());
  EXPECT_EQ(cluster_.Json({"study", "show", "s"}).at("state"), "ENDED");
  const CommandResult dry = cluster_.Run(
      {"study", "update", "s", "--max-trials", "4", "--sampler", "random", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("limits.max_trials  2       4\n"));
  const CommandResult update =
      cluster_.Run({"study", "update", "s", "--max-trials", "4", "--sampler", "random"});
  EXPECT_EQ(update.exit_code, 0) << update.err;
  EXPECT_THAT(update.out, HasSubstr("s is at revision 2 now, and goes on\n"));
  ASSERT_NO_FATAL_FAILURE(Try());
  EXPECT_EQ(cluster_.Json({"trial", "show", "s", "1"}).at("revision"), 1);
  EXPECT_EQ(cluster_.Json({"trial", "show", "s", "2"}).at("revision"), 2);
  EXPECT_EQ(cluster_.Json({"study", "show", "s", "--revision", "1"}).at("limits").at("max_trials"),
            2);
  EXPECT_THAT(cluster_.Run({"trial", "retry", "s", "0"}).out, HasSubstr("trial 3 "));
  EXPECT_THAT(cluster_.Run({"trial", "cancel", "s", "3"}).out, HasSubstr("CANCELLED"));
  const CommandResult verified = cluster_.Run({"study", "verify", "s"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("differences  0\n"));
}

TEST_F(DayTwoTest, FlagsAreReadyForAShell) {
  cluster_.StartCoordinator();
  ASSERT_NO_FATAL_FAILURE(Create(1));
  ASSERT_NO_FATAL_FAILURE(Try());
  const CommandResult flags = cluster_.Run({"best", "s", "--output", "flags"});
  ASSERT_EQ(flags.exit_code, 0) << flags.err;
  const std::string file = cluster_.directory() + "/words";
  ASSERT_EQ(
      std::system(absl::StrCat("eval \"printf '%s\\n' ", flags.out, "\" > ", file).c_str()) >> 8,
      0);
  EXPECT_THAT(Read("words"), ::testing::MatchesRegex("--rate=0\\.[0-9]+\n--layers=[1-4]\n"));
}

TEST_F(DayTwoTest, UsageCountsWhatIsThere) {
  cluster_.StartCoordinator();
  ASSERT_NO_FATAL_FAILURE(Create(3));
  ASSERT_NO_FATAL_FAILURE(Try());
  const json usage = cluster_.Json({"server", "usage"});
  ASSERT_TRUE(usage.is_object());
  EXPECT_GT(usage.at("database_bytes"), 0);
  EXPECT_GT(usage.at("free_disk_bytes"), 0);
  EXPECT_EQ(usage.at("studies").at(0).at("study"), "s");
  EXPECT_EQ(usage.at("studies").at(0).at("trials"), 1);
  EXPECT_EQ(usage.at("studies").at(0).at("measurements"), 1);
}

TEST_F(DayTwoTest, AnEndIsToldAgainWhereTheCoordinatorDiedMeanwhile) {
  const std::string file = cluster_.directory() + "/ends";
  const std::string pipe = cluster_.directory() + "/pipe";
  ASSERT_EQ(std::system(absl::StrCat("mkfifo ", pipe).c_str()), 0);
  // The first one hangs until somebody opens the pipe, which nobody does.
  Surroundings with;
  with.arguments = {"--on-study-end", absl::StrCat("cat >> ", file, "; test $(wc -l < ", file,
                                                   ") -gt 1 || exec cat ", pipe)};
  cluster_.StartCoordinator("60s", with);
  ASSERT_NO_FATAL_FAILURE(Create(1));
  ASSERT_NO_FATAL_FAILURE(Try());
  ASSERT_TRUE(Eventually([&] { return !Read("ends").empty(); }));
  cluster_.coordinator().Kill();
  cluster_.StartCoordinator("60s", with);
  const auto lines = [&] {
    const std::string text = Read("ends");
    return std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()));
  };
  ASSERT_TRUE(Eventually([&] { return lines().size() == 2; }));
  const json end = json::parse(lines()[1]);
  EXPECT_EQ(end.at("study"), "s");
  EXPECT_EQ(end.at("state"), "ENDED");
  EXPECT_EQ(end.at("reason"), "MAX_TRIALS");
  EXPECT_EQ(end.at("best_trial").at("number"), 0);
  EXPECT_EQ(end.at("best_trial").at("objective"), 0.5);
  EXPECT_TRUE(end.at("best_trial").at("parameters").contains("rate"));
  EXPECT_EQ(lines()[0], lines()[1]);
}

}  // namespace
}  // namespace caviar::system_test
