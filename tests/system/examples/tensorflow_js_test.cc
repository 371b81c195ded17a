// deploy/examples/tensorflow-js under workers: a program in another language that is pruned, and
// resumed bit for bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/examples/example_cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

class TensorFlowJsTest : public ExampleTest {
 protected:
  // A trial's curve without what is not computed.
  static std::vector<json> Curve(const json& trial) {
    std::vector<json> curve;
    for (json measurement : trial.at("measurements")) {
      measurement.erase("time");
      curve.push_back(std::move(measurement));
    }
    return curve;
  }
};

TEST_F(TensorFlowJsTest, WeakTrialsArePruned) {
  cluster_.StartCoordinator();
  CreateExample("tensorflow-js", "spirals", {{"max_trials: 12", "max_trials: 8"}});
  const auto a = StartWorker("a");
  const auto b = StartWorker("b");
  const json study = Finish("spirals");
  ASSERT_TRUE(study.is_object());
  EXPECT_EQ(study.at("end_reason"), "MAX_TRIALS") << study;
  EXPECT_GT(study.at("best_objective"), 0.6);
  int pruned = 0;
  ASSERT_EQ(study.at("trials").size(), 8u);
  for (const json& trial : study.at("trials")) {
    SCOPED_TRACE(trial.dump());
    const size_t steps = trial.at("measurements").size();
    if (trial.at("state") == "PRUNED") {
      ++pruned;
      // It has no answer to its lines: an epoch more may be over before the signal comes.
      EXPECT_LT(steps, 27u);
    } else {
      EXPECT_EQ(trial.at("state"), "COMPLETED");
      EXPECT_EQ(steps, 27u);
    }
  }
  EXPECT_GT(pruned, 0);
}

TEST_F(TensorFlowJsTest, AKilledWorkersTrialEndsBitForBitAsAnUncutOne) {
  const std::map<std::string, std::string> one_trial = {
      {"max_trials: 12", "max_trials: 1"},
      {"algorithm: auto", "algorithm: sobol"},
      {"pruner: {algorithm: asha, grace: 1, eta: 3, max_step: 27}", "pruner: {algorithm: none}"}};
  cluster_.StartCoordinator("1s");
  auto worker = StartWorker("first");
  CreateExample("tensorflow-js", "uncut", one_trial);
  const json uncut = Finish("uncut");
  ASSERT_TRUE(uncut.is_object());

  CreateExample("tensorflow-js", "cut", one_trial);
  ASSERT_TRUE(Eventually([this] {
    const json trial = cluster_.Json({"trial", "show", "cut", "0"});
    return trial.is_object() && trial.value("last_step", int64_t{0}) >= 3;
  }));
  worker->Kill();
  worker = StartWorker("second");
  const json cut = Finish("cut");
  ASSERT_TRUE(cut.is_object());

  const json& trial = cut.at("trials").at(0);
  EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
  ASSERT_EQ(trial.at("attempts").size(), 2u) << "killed in the middle";
  EXPECT_EQ(trial.at("attempts")[0].at("outcome"), "LEASE_EXPIRED");
  EXPECT_GE(trial.at("attempts")[1].at("resumed_from_step"), 1);
  EXPECT_EQ(trial.at("parameters"), uncut.at("trials").at(0).at("parameters"));
  ASSERT_EQ(Curve(trial).size(), 27u);
  EXPECT_EQ(Curve(trial), Curve(uncut.at("trials").at(0)));
}

}  // namespace
}  // namespace caviar::system_test
