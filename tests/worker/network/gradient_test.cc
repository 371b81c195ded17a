// Every gradient against central differences, in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "tests/worker/network/examples.h"
#include "worker/network/perceptron.h"

namespace caviar::network {
namespace {

constexpr int kFewExamples = 7;

// What of the rule changes the loss.
struct LossCase {
  double l2 = 0;
  double label_smoothing = 0;
  std::vector<float> class_weights;
  double dropout = 0;
};

using Case = std::tuple<Activation, BatchNormPosition, std::vector<int>, LossCase>;

class Gradient : public testing::TestWithParam<Case> {};

// What is minimized, and the penalty on the weights.
double Loss(Perceptron<double>& network, const Layout& layout, double l2) {
  double loss = network.Forward(kFewExamples).minimized;
  for (const LayerLayout& layer : layout.layers) {
    loss += l2 / 2 *
            network.parameters()
                .segment(layer.weights, Eigen::Index{layer.units} * layer.inputs)
                .squaredNorm();
  }
  return loss;
}

TEST_P(Gradient, EqualsCentralDifferences) {
  const auto& [activation, position, hidden, loss_case] = GetParam();
  const double l2 = loss_case.l2;
  const Architecture architecture = SmallArchitecture(hidden, activation, position);
  const Layout layout = MakeLayout(architecture);
  UpdateRule rule;
  rule.l2 = l2;
  rule.label_smoothing = loss_case.label_smoothing;
  rule.class_weights = loss_case.class_weights;
  rule.dropout = loss_case.dropout;
  Perceptron<double> network(architecture, rule, layout, kFewExamples + 2);
  FillNormal(1, network.inputs().size(), network.inputs().data());
  FillLabels(2, kFewExamples, architecture.classes, network.labels().data());
  FillNormal(3, network.parameters().size(), network.parameters().data());
  network.parameters() *= 0.5;

  Loss(network, layout, l2);
  network.Backward(kFewExamples);
  const Vector<double> gradient = network.gradient();
  const double scale = gradient.lpNorm<Eigen::Infinity>();
  ASSERT_GT(scale, 1e-3);
  constexpr double kStep = 1e-5;
  for (const LayerLayout& layer : layout.layers) {
    std::vector<std::pair<int64_t, int64_t>> arrays = {
        {layer.weights, int64_t{layer.units} * layer.inputs}};
    for (const int64_t offset : {layer.bias, layer.gamma, layer.beta}) {
      if (offset >= 0) arrays.emplace_back(offset, layer.units);
    }
    for (const auto& [offset, count] : arrays) {
      for (int64_t i = offset; i < offset + count; ++i) {
        double& value = network.parameters()[i];
        const double before = value;
        value = before + kStep;
        const double above = Loss(network, layout, l2);
        value = before - kStep;
        const double below = Loss(network, layout, l2);
        value = before;
        EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-6 * std::max(scale, 1.0))
            << "parameter " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    EveryLayer, Gradient,
    testing::Combine(testing::Values(Activation::kRelu, Activation::kLeakyRelu, Activation::kTanh,
                                     Activation::kSigmoid, Activation::kElu, Activation::kGelu),
                     testing::Values(BatchNormPosition::kNone, BatchNormPosition::kBeforeActivation,
                                     BatchNormPosition::kAfterActivation),
                     testing::Values(std::vector<int>{}, std::vector<int>{6},
                                     std::vector<int>{8, 3}),
                     testing::Values(LossCase{}, LossCase{0.3, 0, {}, 0}, LossCase{0, 0.2, {}, 0},
                                     LossCase{0, 0, {1, 3, 0.5, 2, 1}, 0},
                                     LossCase{0.1, 0.1, {2, 1, 1, 1, 4}, 0.4})));

TEST(Layout, HasNoBiasWhereBatchNormFollows) {
  const Layout before = MakeLayout(SmallArchitecture());
  EXPECT_LT(before.layers[0].bias, 0);
  EXPECT_GE(before.layers[0].gamma, 0);
  EXPECT_GE(before.layers.back().bias, 0);
  EXPECT_LT(before.layers.back().gamma, 0);
  const Layout after =
      MakeLayout(SmallArchitecture({4}, Activation::kRelu, BatchNormPosition::kAfterActivation));
  EXPECT_GE(after.layers[0].bias, 0);
  EXPECT_GE(after.layers[0].gamma, 0);
}

TEST(SoftmaxCrossEntropy, IsStableForHugeLogits) {
  Matrix<float> logits(3, 2);
  logits << 10000, -10000, 0, 0, -10000, 10000;
  Matrix<float> gradient(3, 2);
  const int32_t labels[] = {0, 0};
  const BatchResult result = SoftmaxCrossEntropy<float>(UpdateRule(), 3)
                                 .Compute(ConstMatrixView<float>(logits.data(), 3, 2), labels,
                                          MatrixView<float>(gradient.data(), 3, 2));
  EXPECT_DOUBLE_EQ(result.loss, 10000);
  EXPECT_EQ(result.correct, 1);
  EXPECT_FLOAT_EQ(gradient(0, 1), -0.5f);
  EXPECT_FLOAT_EQ(gradient(2, 1), 0.5f);
  EXPECT_FLOAT_EQ(gradient(0, 0), 0.0f);
}

TEST(SoftmaxCrossEntropy, IsNotFiniteForALogitThatIsNot) {
  for (const float bad : {std::nanf(""), INFINITY}) {
    for (int row = 0; row < 3; ++row) {
      Matrix<float> logits = Matrix<float>::Zero(3, 1);
      logits(row, 0) = bad;
      Matrix<float> gradient(3, 1);
      const int32_t label = 1;
      EXPECT_FALSE(std::isfinite(SoftmaxCrossEntropy<float>(UpdateRule(), 3)
                                     .Compute(ConstMatrixView<float>(logits.data(), 3, 1), &label,
                                              MatrixView<float>(gradient.data(), 3, 1))
                                     .loss));
    }
  }
}

TEST(MatrixProduct, EqualsThePlainSum) {
  MatrixProduct<float> product;
  for (const auto& [rows, cols, depth] :
       {std::tuple{1, 1, 1}, {3, 1, 5}, {1, 4, 2}, {50, 33, 700}, {300, 257, 784}, {7, 600, 3}}) {
    Matrix<float> lhs(rows, depth), rhs(depth, cols), out(rows, cols);
    FillNormal(1, lhs.size(), lhs.data());
    FillNormal(2, rhs.size(), rhs.data());
    const Matrix<float> expected = (lhs.cast<double>() * rhs.cast<double>()).cast<float>();
    const Matrix<float> lhs_transposed = lhs.transpose(), rhs_transposed = rhs.transpose();
    product.Compute<Operand::kPlain, Operand::kPlain>(rows, cols, depth, lhs.data(), rhs.data(),
                                                      out.data());
    EXPECT_TRUE(out.isApprox(expected, 1e-5f)) << rows << " " << cols << " " << depth;
    product.Compute<Operand::kTransposed, Operand::kPlain>(rows, cols, depth, lhs_transposed.data(),
                                                           rhs.data(), out.data());
    EXPECT_TRUE(out.isApprox(expected, 1e-5f)) << rows << " " << cols << " " << depth;
    product.Compute<Operand::kPlain, Operand::kTransposed>(rows, cols, depth, lhs.data(),
                                                           rhs_transposed.data(), out.data());
    EXPECT_TRUE(out.isApprox(expected, 1e-5f)) << rows << " " << cols << " " << depth;
  }
}

}  // namespace
}  // namespace caviar::network
