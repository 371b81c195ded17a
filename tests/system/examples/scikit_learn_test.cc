// deploy/examples/scikit-learn under two workers: a script that reports through the module caviar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/system/examples/example_cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

class ScikitLearnTest : public ExampleTest {};

TEST_F(ScikitLearnTest, TwoWorkersTuneIt) {
  cluster_.StartCoordinator();
  CreateExample("scikit-learn", "digits", {{"max_trials: 12", "max_trials: 6"}});
  const auto a = StartWorker("a");
  const auto b = StartWorker("b");
  const json study = Finish("digits");
  ASSERT_TRUE(study.is_object());
  EXPECT_EQ(study.at("end_reason"), "MAX_TRIALS") << study;
  EXPECT_GT(study.at("best_objective"), 0.9);

  std::set<std::string> workers;
  ASSERT_EQ(study.at("trials").size(), 6u);
  for (const json& trial : study.at("trials")) {
    SCOPED_TRACE(trial.dump());
    workers.insert(trial.at("worker"));
    EXPECT_THAT(trial.at("state"), ::testing::AnyOf("COMPLETED", "PRUNED"));
    const json& measurements = trial.at("measurements");
    // Rungs at 3, 6 and 12: who is told to stop there reports nothing more.
    EXPECT_THAT(measurements.size(), trial.at("state") == "COMPLETED" ? ::testing::AnyOf(12u, 12u)
                                                                      : ::testing::AnyOf(3u, 6u));
    for (const json& measurement : measurements) {
      EXPECT_TRUE(measurement.at("metrics").contains("train_loss"));
    }
  }
  EXPECT_EQ(workers, (std::set<std::string>{"a", "b"})) << "both take their share";
}

}  // namespace
}  // namespace caviar::system_test
