// Constraints and several objectives, with the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OutcomesTest : public ::testing::Test {
 protected:
  // Asks for a trial of `study` and tells it these metrics.
  void AskAndTell(const std::string& study, const std::vector<std::string>& metrics) {
    const json asked = cluster_.Json({"ask", study});
    ASSERT_TRUE(asked.is_object());
    const std::string number = absl::StrCat(asked.at("trial").at("number").get<int>());
    std::vector<std::string> arguments = {"tell", study, number};
    arguments.insert(arguments.end(), metrics.begin(), metrics.end());
    const CommandResult told = cluster_.Run(arguments);
    ASSERT_EQ(told.exit_code, 0) << told.err;
  }
  std::vector<int> Best(const std::string& study) {
    std::vector<int> numbers;
    const json best = cluster_.Json({"best", study, "--top", "100"});
    for (const json& trial : best.at("trials")) numbers.push_back(trial.at("number"));
    return numbers;
  }

  Cluster cluster_;
};

TEST_F(OutcomesTest, SeveralObjectivesGiveAParetoFrontThatOutlivesTheCoordinator) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(R"(
study: s
objectives:
  - {metric: accuracy, goal: maximize}
  - {metric: latency, goal: minimize}
trainer: {external: {}}
sampler: {algorithm: sobol, seed: 7}
limits: {max_trials: 5}
parameters:
  x: {min: 0.0, max: 1.0}
)");
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.8", "latency=10"}));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.9", "latency=30"}));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.7", "latency=20"}));
  EXPECT_THAT(Best("s"), ElementsAre(1, 0));
  cluster_.coordinator().Kill();
  cluster_.StartCoordinator();
  EXPECT_THAT(Best("s"), ElementsAre(1, 0));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.5", "latency=5"}));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.85", "latency=8"}));
  EXPECT_THAT(Best("s"), ElementsAre(1, 4, 3));
  const CommandResult wait = cluster_.Run({"study", "wait", "s"});
  EXPECT_EQ(wait.exit_code, 0) << wait.err;
  EXPECT_THAT(wait.out, HasSubstr("3 trials on the Pareto front: caviar best s"));
  EXPECT_FALSE(cluster_.Json({"study", "show", "s"}).contains("best_trial"));
}

TEST_F(OutcomesTest, ATrialThatBreaksAConstraintIsNeverBest) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(R"(
study: s
objective: {metric: accuracy, goal: maximize}
constraints: [{metric: latency, max: 10}]
trainer: {external: {}}
limits: {max_trials: 3}
parameters:
  x: {min: 0.0, max: 1.0}
)");
  const json asked = cluster_.Json({"ask", "s"});
  ASSERT_TRUE(asked.is_object());
  const CommandResult refused = cluster_.Run({"tell", "s", "0", "accuracy=0.9"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("tell it as latency=VALUE"));
  EXPECT_EQ(cluster_.Run({"tell", "s", "0", "accuracy=0.9", "latency=12.3"}).out,
            "trial 0 COMPLETED accuracy 0.9, latency 12.3, not feasible\n");
  const CommandResult none = cluster_.Run({"best", "s"});
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("the nearest is trial 0: accuracy 0.9, latency 12.3 > 10"));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.5", "latency=10"}));
  ASSERT_NO_FATAL_FAILURE(AskAndTell("s", {"accuracy=0.95", "latency=nan"}));
  EXPECT_THAT(Best("s"), ElementsAre(1));
  EXPECT_EQ(cluster_.Json({"study", "show", "s"}).at("best_trial"), 1);
  EXPECT_EQ(cluster_.Run({"study", "wait", "s"}).exit_code, 0);
}

TEST_F(OutcomesTest, TheBuiltInTrainersMetricsCanBeConstraints) {
  WriteIdxPair(cluster_.dataset_directory() + "/train", 600, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 120, 8, 8, 4, 2);
  cluster_.StartCoordinator();
  // The second one learns too slowly to get there.
  cluster_.CreateStudy(NetworkStudyFile("s", 2, 10) + R"(
constraints: [{metric: train_loss, max: 1}]
trials:
  - {learning_rate: 0.01, optimizer: adam, batch_size: 32, hidden_units: 16, hidden_layers: 1}
  - {learning_rate: 0.0001, optimizer: adam, batch_size: 64, hidden_units: 8, hidden_layers: 1}
)");
  const auto worker = cluster_.StartWorker("w");
  const CommandResult wait = cluster_.Run({"study", "wait", "s"});
  ASSERT_EQ(wait.exit_code, 0) << wait.out << wait.err;
  for (const int number : {0, 1}) {
    const json trial = cluster_.Json({"trial", "show", "s", absl::StrCat(number)});
    ASSERT_EQ(trial.at("state"), "COMPLETED") << trial;
    const double loss = trial.at("outcome").at("train_loss");
    EXPECT_EQ(
        trial.at("measurements")[trial.at("objective_step").get<size_t>() - 1].at("metrics").at(
            "train_loss"),
        loss)
        << "at the objective's step";
    EXPECT_EQ(trial.at("feasible"), loss <= 1) << loss;
    EXPECT_EQ(trial.at("feasible"), number == 0) << loss;
  }
  const json study = cluster_.Json({"study", "show", "s"});
  EXPECT_EQ(study.at("best_trial"), 0);
  EXPECT_EQ(study.at("test_evaluation").at("trial"), 0);
  EXPECT_EQ(study.at("test_evaluation").at("state"), "COMPLETED");
}

}  // namespace
}  // namespace caviar::system_test
