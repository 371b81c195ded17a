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
  p.set_momentum_form("pytorch");
  p.set_shape("constant");
  p.set_class_weights("none");
  p.set_weight_decay(0.02);
  p.set_clip_norm(3);
  p.set_dropout(0.25);
  p.set_label_smoothing(0.1);
  p.set_bias_correction(false);
  p.set_precision("mixed");
  return p;
}

const std::vector<int64_t> kTen(10, 100);  // examples of ten classes

TEST(Settings, TakeEveryParameter) {
  const auto settings = ToSettings(Filled(), 784, 10, kTen);
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
  EXPECT_EQ(settings->rule.precision, Precision::kMixed);
  EXPECT_TRUE(settings->rule.pytorch_momentum);
  EXPECT_EQ(settings->rule.weight_decay, 0.02);
  EXPECT_EQ(settings->rule.clip_norm, 3);
  EXPECT_EQ(settings->rule.dropout, 0.25);
  EXPECT_EQ(settings->rule.label_smoothing, 0.1);
  EXPECT_FALSE(settings->architecture.bias_correction);
  EXPECT_TRUE(settings->rule.class_weights.empty());
  EXPECT_EQ(settings->initialization, Initialization::kXavier);
  EXPECT_EQ(settings->batch_size, 32);
}

TEST(Settings, RefuseAWordTheyDoNotKnow) {
  auto parameters = Filled();
  parameters.set_activation("swish");
  const auto settings = ToSettings(parameters, 4, 2, {5, 5});
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(settings.status().message()), testing::HasSubstr("swish"));
}

TEST(Settings, ShapeTheNetwork) {
  auto parameters = Filled();
  const auto hidden = [&] { return ToSettings(parameters, 784, 10, kTen)->architecture.hidden; };
  parameters.set_shape("pyramid");
  parameters.set_hidden_units(640);
  EXPECT_EQ(hidden(), (std::vector<int>{640, 160, 40}));
  parameters.set_hidden_layers(0);
  EXPECT_EQ(hidden(), std::vector<int>());
  parameters.set_shape("units");
  parameters.set_units("512,256,128");
  EXPECT_EQ(hidden(), (std::vector<int>{512, 256, 128}));
}

TEST(Settings, WeighTheClasses) {
  auto parameters = Filled();
  const std::vector<int64_t> examples = {10, 30, 60};
  parameters.set_class_weights("balanced");
  const auto balanced = ToSettings(parameters, 4, 3, examples);
  ASSERT_TRUE(balanced.ok());
  EXPECT_FLOAT_EQ(balanced->rule.class_weights[0], 100.0f / 30);
  EXPECT_FLOAT_EQ(balanced->rule.class_weights[2], 100.0f / 180);
  parameters.set_class_weights("1,2.5,1");
  EXPECT_EQ(ToSettings(parameters, 4, 3, examples)->rule.class_weights,
            (std::vector<float>{1, 2.5, 1}));
  parameters.set_class_weights("1,2");
  EXPECT_THAT(std::string(ToSettings(parameters, 4, 3, examples).status().message()),
              testing::HasSubstr("2 weights are given, but the data has 3 classes"));
}

}  // namespace
}  // namespace caviar::network
