#include "worker/network/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace caviar::network {
namespace {

v1::BatchNormNetworkParameters Filled() {
  v1::BatchNormNetworkParameters p;
  p.set_learning_rate(0.2);
  p.set_optimizer("sgd");
  p.set_momentum(0.95);
  p.set_batch_size(32);
  p.set_hidden_units(50);
  p.set_hidden_layers(3);
  p.set_learning_rate_schedule("constant");
  p.set_decay_rate(0.5);
  p.set_step_factor(0.1);
  p.set_step_epochs(3);
  p.set_l2(0.01);
  p.set_activation("tanh");
  p.set_batch_norm("after_activation");
  p.set_batch_norm_momentum(0.8);
  p.set_batch_norm_epsilon(1e-4);
  p.set_initialization("xavier");
  p.set_beta1(0.7);
  p.set_beta2(0.99);
  p.set_epsilon(1e-7);
  return p;
}

double Rate(const char* schedule, int epoch) {
  auto parameters = Filled();
  parameters.set_learning_rate_schedule(schedule);
  return *LearningRate(parameters, epoch, 8);
}

TEST(Settings, TakeEveryParameter) {
  const auto settings = ToSettings(Filled(), 784, 10);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->architecture.inputs, 784);
  EXPECT_EQ(settings->architecture.classes, 10);
  EXPECT_EQ(settings->architecture.hidden, (std::vector<int>{50, 50, 50}));
  EXPECT_EQ(settings->architecture.activation, Activation::kTanh);
  EXPECT_EQ(settings->architecture.batch_norm, BatchNormPosition::kAfterActivation);
  EXPECT_EQ(settings->architecture.batch_norm_momentum, 0.8);
  EXPECT_EQ(settings->architecture.batch_norm_epsilon, 1e-4);
  EXPECT_EQ(settings->rule.optimizer, Optimizer::kSgd);
  EXPECT_EQ(settings->rule.momentum, 0.95);
  EXPECT_EQ(settings->rule.beta1, 0.7);
  EXPECT_EQ(settings->rule.beta2, 0.99);
  EXPECT_EQ(settings->rule.epsilon, 1e-7);
  EXPECT_EQ(settings->rule.l2, 0.01);
  EXPECT_EQ(settings->initialization, Initialization::kXavier);
  EXPECT_EQ(settings->batch_size, 32);
}

TEST(Settings, RefuseAWordTheyDoNotKnow) {
  auto parameters = Filled();
  parameters.set_activation("swish");
  const auto settings = ToSettings(parameters, 4, 2);
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(settings.status().message()), testing::HasSubstr("swish"));
  parameters.set_learning_rate_schedule("warm_restarts");
  EXPECT_EQ(LearningRate(parameters, 0, 1).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(LearningRate, FollowsItsFormulas) {
  EXPECT_DOUBLE_EQ(Rate("constant", 5), 0.2);
  EXPECT_DOUBLE_EQ(Rate("inverse_time", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("inverse_time", 3), 0.2 / (1 + 0.5 * 3));
  EXPECT_DOUBLE_EQ(Rate("exponential", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("exponential", 4), 0.2 * std::exp(-0.5 * 4));
  EXPECT_DOUBLE_EQ(Rate("step", 2), 0.2);
  EXPECT_DOUBLE_EQ(Rate("step", 3), 0.2 * 0.1);
  EXPECT_DOUBLE_EQ(Rate("step", 7), 0.2 * 0.1 * 0.1);
  EXPECT_DOUBLE_EQ(Rate("cosine", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("cosine", 4), 0.1);
  EXPECT_DOUBLE_EQ(Rate("cosine", 7), 0.1 * (1 + std::cos(M_PI * 7 / 8)));
}

}  // namespace
}  // namespace caviar::network
