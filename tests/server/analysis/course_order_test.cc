#include "server/analysis/course_order.h"

#include <gtest/gtest.h>

#include "caviar/v1/vocabulary.h"

namespace caviar::analysis {
namespace {

TEST(ExpectedTier, IsTheCoursesOrder) {
  for (const char* name : {"learning_rate", "lr", "LR", "optimizer.lr", "learning-rate", "eta"}) {
    EXPECT_EQ(ExpectedTier(name), 1) << name;
  }
  for (const char* name : {"momentum", "batch_size", "hidden_units", "n_units", "mini-batch"}) {
    EXPECT_EQ(ExpectedTier(name), 2) << name;
  }
  for (const char* name : {"hidden_layers", "n_layers", "decay_rate", "lr_decay", "depth"}) {
    EXPECT_EQ(ExpectedTier(name), 3) << name;
  }
  for (const char* name : {"", ".", "l2", "weight_decay", "dropout", "beta1", "epsilon", "lr.x"}) {
    EXPECT_EQ(ExpectedTier(name), 0) << name;
  }
}

TEST(ExpectedTier, KnowsTheBuiltInTrainersNames) {
  std::vector<std::string> named;
  for (const std::string& name : vocabulary::BatchNormNetworkParameterNames()) {
    if (ExpectedTier(name) > 0) named.push_back(name);
  }
  EXPECT_EQ(named,
            (std::vector<std::string>{"learning_rate", "momentum", "batch_size", "hidden_units",
                                      "hidden_layers", "learning_rate_schedule", "decay_rate",
                                      "step_factor", "step_epochs", "units"}));
}

TEST(Names, TellLearningRatesAndAverages) {
  EXPECT_TRUE(IsLearningRate("base_lr"));
  EXPECT_FALSE(IsLearningRate("lr_decay"));
  for (const char* name : {"momentum", "beta2", "batch_norm_momentum", "adam.beta-1"}) {
    EXPECT_TRUE(IsAverage(name)) << name;
  }
  EXPECT_FALSE(IsAverage("dropout"));
}

}  // namespace
}  // namespace caviar::analysis
