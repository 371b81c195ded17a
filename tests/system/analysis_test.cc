// Importance, advice and replays, through the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr int kAnalyzedTrials = 12;
constexpr int kEpochs = 9;

class AnalysisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteIdxPair(cluster_.dataset_directory() + "/train", 300, 8, 8, 4, 1);
    WriteIdxPair(cluster_.dataset_directory() + "/test", 60, 8, 8, 4, 2);
    cluster_.StartCoordinator();
    cluster_.CreateStudy(NetworkStudyFile("s", kAnalyzedTrials, kEpochs));
    const auto worker = cluster_.StartWorker("w", 2);
    wait_ = cluster_.Run({"study", "wait", "s"});
    ASSERT_EQ(wait_.exit_code, 0) << wait_.out << wait_.err;
  }

  Cluster cluster_;
  CommandResult wait_;
};

TEST_F(AnalysisTest, OfAStudyThatRan) {
  const json importance = cluster_.Json({"importance", "s"});
  ASSERT_TRUE(importance.is_object());
  EXPECT_EQ(importance.at("parameters").size(), 6u);
  double sum = 0;
  for (const json& parameter : importance.at("parameters")) {
    sum += parameter.at("importance").get<double>();
    const bool first = parameter.at("parameter") == "learning_rate";
    EXPECT_EQ(parameter.at("expected_tier") == 1, first) << parameter;
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_THAT(importance.at("method").get<std::string>(), HasSubstr("12 trials"));

  // Six parameters.
  EXPECT_THAT(wait_.out, HasSubstr("[too_few_trials]"));
  EXPECT_THAT(cluster_.Run({"study", "lint", "s"}).out, HasSubstr("12 trials for 6 parameters"));

  const json replay = cluster_.Json({"whatif", "s", "--pruner", "asha", "--grace", "3"});
  ASSERT_TRUE(replay.is_object());
  EXPECT_EQ(replay.at("trials"), kAnalyzedTrials);
  EXPECT_EQ(replay.at("steps"), kAnalyzedTrials * kEpochs);
  EXPECT_EQ(replay.at("pruner").at("eta"), 3);
  // Two slots finish in an order of their own: whether a trial is ended depends on it.
  const bool any = replay.at("stopped") > 0;
  EXPECT_EQ(replay.at("steps_needed") < kAnalyzedTrials * kEpochs, any) << replay;
  const CommandResult refused = cluster_.Run({"whatif", "s", "--pruner", "asha", "--grace", "9"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("pruner.grace: 9"));

  const std::string file = cluster_.directory() + "/wide.yaml";
  std::ofstream(file) << "study: wide\nobjective: {metric: loss, goal: minimize}\n"
                         "trainer: {external: {}}\n"
                         "parameters: {learning_rate: {min: 0.0001, max: 0.1}}\n";
  const CommandResult lint = cluster_.Run({"study", "lint", file});
  EXPECT_EQ(lint.exit_code, 0) << lint.err;
  EXPECT_THAT(lint.out, HasSubstr("warning: learning_rate: "));
}

}  // namespace
}  // namespace caviar::system_test
