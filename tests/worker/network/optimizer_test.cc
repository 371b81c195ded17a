#include "worker/network/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace caviar::network {
namespace {

TEST(Optimizer, MomentumTakesTheStepsComputedByHand) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.momentum = 0.5;
  OptimizerState<double> optimizer(rule, 1);
  Vector<double> w = Vector<double>::Constant(1, 10);
  Vector<double> g(1);
  g << 4;
  optimizer.Step(0.1, g, w);  // v = 0.5 * 0 + 0.5 * 4 = 2
  EXPECT_DOUBLE_EQ(w[0], 10 - 0.1 * 2);
  g << -2;
  optimizer.Step(0.2, g, w);  // v = 0.5 * 2 + 0.5 * -2 = 0
  EXPECT_DOUBLE_EQ(w[0], 9.8);
  g << 8;
  optimizer.Step(0.2, g, w);  // v = 4
  EXPECT_DOUBLE_EQ(w[0], 9.8 - 0.2 * 4);
}

TEST(Optimizer, MomentumZeroIsPlainGradientDescent) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.momentum = 0;
  OptimizerState<double> optimizer(rule, 1);
  Vector<double> w = Vector<double>::Constant(1, 1);
  optimizer.Step(0.25, Vector<double>::Constant(1, 2), w);
  EXPECT_DOUBLE_EQ(w[0], 0.5);
}

TEST(Optimizer, AdamTakesTheStepsOfAlgorithm1) {
  UpdateRule rule;
  rule.beta1 = 0.8;
  rule.beta2 = 0.9;
  rule.epsilon = 1e-3;
  OptimizerState<double> optimizer(rule, 1);
  Vector<double> w = Vector<double>::Constant(1, 1);
  double expected = 1, m = 0, v = 0;
  const double gradients[] = {3, -1, 0.5, 0};
  for (int t = 1; t <= 4; ++t) {
    const double g = gradients[t - 1];
    const double rate = 0.1 / t;
    m = 0.8 * m + 0.2 * g;
    v = 0.9 * v + 0.1 * g * g;
    expected -=
        rate * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3);
    optimizer.Step(rate, Vector<double>::Constant(1, g), w);
    EXPECT_NEAR(w[0], expected, 1e-14) << "step " << t;
  }
}

TEST(Optimizer, AdamsFirstStepIsTheLearningRateWhateverTheGradientsSize) {
  for (const double beta : {0.0, 0.9, 0.9999999}) {
    UpdateRule rule;
    rule.beta1 = beta;
    rule.beta2 = beta;
    OptimizerState<float> optimizer(rule, 3);
    Vector<float> w = Vector<float>::Zero(3);
    Vector<float> g(3);
    g << 1e-3f, -5.0f, 0.0f;
    optimizer.Step(0.01, g, w);
    EXPECT_NEAR(w[0], -0.01, 1e-6);
    EXPECT_NEAR(w[1], 0.01, 1e-6);
    EXPECT_EQ(w[2], 0);
  }
}

TEST(Optimizer, TreatsEveryParameterTheSameWhereverItStands) {
  for (const Optimizer kind : {Optimizer::kSgd, Optimizer::kAdam}) {
    UpdateRule rule;
    rule.optimizer = kind;
    OptimizerState<float> optimizer(rule, 5000);
    Vector<float> w = Vector<float>::Constant(5000, 0.3f);
    for (int t = 0; t < 3; ++t) optimizer.Step(0.1, Vector<float>::Constant(5000, 0.7f), w);
    EXPECT_LT(w.maxCoeff() - w.minCoeff(), 1e-6f);
    EXPECT_LT(w.maxCoeff(), 0.3f);
  }
}

}  // namespace
}  // namespace caviar::network
