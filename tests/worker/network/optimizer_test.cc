#include "worker/network/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace caviar::network {
namespace {

// Arrays are as long as a Layout makes them, whole packets; these tests look at their first values.
constexpr int kSize = 16;

// One layer of `size` weights and nothing else.
Layout LayoutOf(int size) {
  Architecture architecture;
  architecture.inputs = 1;
  architecture.classes = size;
  Layout layout = MakeLayout(architecture);
  layout.layers[0].bias = -1;
  return layout;
}
TEST(Optimizer, MomentumTakesTheStepsComputedByHand) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.momentum = 0.5;
  OptimizerState<double> optimizer(rule, LayoutOf(kSize));
  Vector<double> w = Vector<double>::Constant(kSize, 10);
  Vector<double> g(kSize);
  g.setConstant(4);
  optimizer.Step(0.1, g, w);  // v = 0.5 * 0 + 0.5 * 4 = 2
  EXPECT_DOUBLE_EQ(w[0], 10 - 0.1 * 2);
  g.setConstant(-2);
  optimizer.Step(0.2, g, w);  // v = 0.5 * 2 + 0.5 * -2 = 0
  EXPECT_DOUBLE_EQ(w[0], 9.8);
  g.setConstant(8);
  optimizer.Step(0.2, g, w);  // v = 4
  EXPECT_DOUBLE_EQ(w[0], 9.8 - 0.2 * 4);
}

TEST(Optimizer, MomentumZeroIsPlainGradientDescent) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.momentum = 0;
  OptimizerState<double> optimizer(rule, LayoutOf(kSize));
  Vector<double> w = Vector<double>::Constant(kSize, 1);
  optimizer.Step(0.25, Vector<double>::Constant(kSize, 2), w);
  EXPECT_DOUBLE_EQ(w[0], 0.5);
}

TEST(Optimizer, AdamTakesTheStepsOfAlgorithm1) {
  UpdateRule rule;
  rule.beta1 = 0.8;
  rule.beta2 = 0.9;
  rule.epsilon = 1e-3;
  OptimizerState<double> optimizer(rule, LayoutOf(kSize));
  Vector<double> w = Vector<double>::Constant(kSize, 1);
  double expected = 1, m = 0, v = 0;
  const double gradients[] = {3, -1, 0.5, 0};
  for (int t = 1; t <= 4; ++t) {
    const double g = gradients[t - 1];
    const double rate = 0.1 / t;
    m = 0.8 * m + 0.2 * g;
    v = 0.9 * v + 0.1 * g * g;
    expected -=
        rate * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3);
    optimizer.Step(rate, Vector<double>::Constant(kSize, g), w);
    EXPECT_NEAR(w[0], expected, 1e-14) << "step " << t;
  }
}

TEST(Optimizer, AdamsFirstStepIsTheLearningRateWhateverTheGradientsSize) {
  for (const double beta : {0.0, 0.9, 0.9999999}) {
    UpdateRule rule;
    rule.beta1 = beta;
    rule.beta2 = beta;
    OptimizerState<float> optimizer(rule, LayoutOf(kSize));
    Vector<float> w = Vector<float>::Zero(kSize);
    Vector<float> g = Vector<float>::Zero(kSize);
    g.head(2) << 1e-3f, -5.0f;
    optimizer.Step(0.01, g, w);
    EXPECT_NEAR(w[0], -0.01, 1e-6);
    EXPECT_NEAR(w[1], 0.01, 1e-6);
    EXPECT_EQ(w[2], 0);
  }
}

// Parameters after steps along `gradients` from 1, at a rate of 0.1.
double Moved(const UpdateRule& rule, const std::vector<double>& gradients) {
  OptimizerState<double> optimizer(rule, LayoutOf(kSize));
  Vector<double> w = Vector<double>::Constant(kSize, 1);
  for (const double g : gradients) optimizer.Step(0.1, Vector<double>::Constant(kSize, g), w);
  return w[0];
}

TEST(Optimizer, NesterovLooksAhead) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kNesterov;
  rule.momentum = 0.5;
  // v = 2, then 0.5 * 2 + 0.5 * -2 = 0; steps 0.5 * v + 0.5 * g.
  EXPECT_DOUBLE_EQ(Moved(rule, {4, -2}), 1 - 0.1 * (1 + 2) - 0.1 * (0 - 1));
  rule.pytorch_momentum = true;
  // v = 4, then 0; steps g + 0.5 * v.
  EXPECT_DOUBLE_EQ(Moved(rule, {4, -2}), 1 - 0.1 * (4 + 2) - 0.1 * (-2 + 0));
}

TEST(Optimizer, PytorchsFormOfMomentumMakesLargerSteps) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.momentum = 0.5;
  rule.pytorch_momentum = true;
  EXPECT_DOUBLE_EQ(Moved(rule, {4, -2}), 1 - 0.1 * 4 - 0.1 * 0);
}

TEST(Optimizer, RmspropDividesByTheRootOfItsAverage) {
  UpdateRule rule;
  rule.optimizer = Optimizer::kRmsprop;
  rule.beta2 = 0.9;
  rule.epsilon = 1e-3;
  const double s1 = 0.1 * 16, s2 = 0.9 * s1 + 0.1 * 4;
  EXPECT_NEAR(Moved(rule, {4, -2}),
              1 - 0.1 * 4 / (std::sqrt(s1) + 1e-3) + 0.1 * 2 / (std::sqrt(s2) + 1e-3), 1e-14);
}

TEST(Optimizer, DecoupledDecayIsNoPartOfTheAverages) {
  for (const Optimizer kind : {Optimizer::kSgd, Optimizer::kNesterov, Optimizer::kRmsprop,
                               Optimizer::kAdam, Optimizer::kAdamw}) {
    UpdateRule rule;
    rule.optimizer = kind;
    rule.weight_decay = 0.3;
    EXPECT_DOUBLE_EQ(Moved(rule, {0, 0}), (1 - 0.03) * (1 - 0.03));
  }
}

TEST(Optimizer, OnlyWeightsDecay) {
  UpdateRule rule;
  rule.weight_decay = 1;
  Layout layout = LayoutOf(2);
  layout.parameters = 32;
  layout.layers[0].bias = 16;
  OptimizerState<double> optimizer(rule, layout);
  Vector<double> w = Vector<double>::Ones(32);
  optimizer.Step(0.1, Vector<double>::Zero(32), w);
  EXPECT_DOUBLE_EQ(w[1], 0.9);
  EXPECT_DOUBLE_EQ(w[16], 1);
}

TEST(Optimizer, ClipsByTheNormOverAllParameters) {
  for (const double clip : {0.0, 0.5, 2.5, 5.0, 6.0}) {
    UpdateRule rule;
    rule.optimizer = Optimizer::kSgd;
    rule.momentum = 0;
    rule.clip_norm = clip;
    OptimizerState<double> optimizer(rule, LayoutOf(kSize));
    Vector<double> w = Vector<double>::Zero(kSize);
    Vector<double> g = Vector<double>::Zero(kSize);
    g.head(2) << 3, -4;
    EXPECT_DOUBLE_EQ(optimizer.Step(1, g, w), 5) << "the norm before clipping";
    const double scale = clip > 0 ? std::min(clip / 5, 1.0) : 1;
    EXPECT_DOUBLE_EQ(w[0], -3 * scale);
    EXPECT_DOUBLE_EQ(w[1], 4 * scale);
  }
}

TEST(Optimizer, TreatsEveryParameterTheSameWhereverItStands) {
  for (const Optimizer kind : {Optimizer::kSgd, Optimizer::kNesterov, Optimizer::kRmsprop,
                               Optimizer::kAdam, Optimizer::kAdamw}) {
    UpdateRule rule;
    rule.optimizer = kind;
    OptimizerState<float> optimizer(rule, LayoutOf(5008));
    Vector<float> w = Vector<float>::Constant(5008, 0.3f);
    for (int t = 0; t < 3; ++t) optimizer.Step(0.1, Vector<float>::Constant(5008, 0.7f), w);
    EXPECT_LT(w.maxCoeff() - w.minCoeff(), 1e-6f);
    EXPECT_LT(w.maxCoeff(), 0.3f);
  }
}

}  // namespace
}  // namespace caviar::network
