// Mixed precision: what is rounded and how, at every level that this processor has.
#include "worker/network/mixed_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"
#include "worker/network/network.h"

namespace caviar::network {
namespace {

TEST(Bfloat16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(RoundToBfloat16(1.0f), 1.0f);
  constexpr float kStep = 0x1p-7f;  // from 1 to the next
  EXPECT_EQ(RoundToBfloat16(1 + kStep * 0.49f), 1.0f);
  EXPECT_EQ(RoundToBfloat16(1 + kStep * 0.51f), 1 + kStep);
  EXPECT_EQ(RoundToBfloat16(1 + kStep * 0.5f), 1.0f);
  EXPECT_EQ(RoundToBfloat16(1 + kStep * 1.5f), 1 + 2 * kStep);
  EXPECT_EQ(RoundToBfloat16(-(1 + kStep * 1.5f)), -(1 + 2 * kStep));
  EXPECT_EQ(RoundToBfloat16(std::numeric_limits<float>::infinity()),
            std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isinf(RoundToBfloat16(std::numeric_limits<float>::max())));
  EXPECT_TRUE(std::isnan(RoundToBfloat16(std::bit_cast<float>(0x7f800001U))));
}

class MixedPrecision : public testing::TestWithParam<std::string> {
 protected:
  MixedPrecision() { setenv(kLevelVariable, GetParam().c_str(), 1); }
  ~MixedPrecision() override { unsetenv(kLevelVariable); }

  // After `updates` updates of `count` examples with plain gradient descent.
  static std::unique_ptr<Network> Train(const Architecture& architecture, Precision precision,
                                        int count, int updates) {
    UpdateRule rule;
    rule.optimizer = Optimizer::kSgd;
    rule.momentum = 0;
    rule.precision = precision;
    auto network = *CreateNetwork(architecture, rule, count);
    network->SetState(InitialState(architecture, Initialization::kHe, 1, 2));
    FillNormal(3, int64_t{architecture.inputs} * count, network->inputs());
    FillLabels(4, count, architecture.classes, network->labels());
    for (int i = 0; i < updates; ++i) network->Update(count, 0.1);
    return network;
  }
};

// Whole packets and panels, and what is left over, in every direction; depths above a block's.
TEST_P(MixedPrecision, MultipliesRoundedOperandsExactly) {
  for (const auto& [inputs, classes, count] : {std::tuple{1, 2, 1},
                                               {3, 5, 2},
                                               {16, 48, 8},
                                               {17, 49, 9},
                                               {2500, 33, 21},
                                               {40, 100, 1300}}) {
    Architecture architecture;
    architecture.inputs = inputs;
    architecture.classes = classes;
    const auto network = Train(architecture, Precision::kMixed, count, 1);
    NetworkState before = InitialState(architecture, Initialization::kHe, 1, 2), after;
    network->GetState(after);
    const LayerLayout layer = MakeLayout(architecture).layers[0];

    // z = W x of the update, and the step back that it took.
    Matrix<double> x(inputs, count), w(classes, inputs), p(classes, count);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      x.data()[i] = RoundToBfloat16(network->inputs()[i]);
    }
    for (Eigen::Index i = 0; i < w.size(); ++i) {
      w.data()[i] = RoundToBfloat16(before.parameters[static_cast<size_t>(layer.weights + i)]);
    }
    const Matrix<double> z = w * x;
    const double largest = z.cwiseAbs().maxCoeff();
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      ASSERT_NEAR(network->logits()[i], z.data()[i], 1e-5 * largest)
          << inputs << " " << classes << " " << count;
    }
    for (int j = 0; j < count; ++j) {
      const Eigen::VectorXd e = (z.col(j).array() - z.col(j).maxCoeff()).exp();
      p.col(j) = e / e.sum();
      p(network->labels()[j], j) -= 1;
      p.col(j) /= count;
    }
    // What is rounded was computed in float: a value near a tie may go the other way.
    const Matrix<double> step = p * x.transpose();
    const double tolerance = 0.1 * 0x1p-8 * (p.cwiseAbs() * x.transpose().cwiseAbs()).maxCoeff();
    for (Eigen::Index i = 0; i < step.size(); ++i) {
      const auto at = static_cast<size_t>(layer.weights + i);
      ASSERT_NEAR(before.parameters[at] - after.parameters[at], 0.1 * step.data()[i],
                  tolerance + 1e-6 * std::abs(before.parameters[at]));
    }
  }
}

// The way back through a hidden layer has the transposed weights.
TEST_P(MixedPrecision, TrainsNearlyAsFloatDoes) {
  Architecture architecture = SmallArchitecture({65, 33});
  architecture.inputs = 131;
  const auto mixed = Train(architecture, Precision::kMixed, 77, 40);
  const auto exact = Train(architecture, Precision::kFloat32, 77, 40);
  const double expected = exact->Evaluate(77).loss;
  EXPECT_NEAR(mixed->Evaluate(77).loss, expected, 0.05 * expected);
  EXPECT_NE(mixed->Evaluate(77).loss, expected);
}

TEST_P(MixedPrecision, GivesTheSameBitsAgain) {
  const Architecture architecture = SmallArchitecture({65, 33});
  NetworkState first, second;
  Train(architecture, Precision::kMixed, 50, 20)->GetState(first);
  Train(architecture, Precision::kMixed, 50, 20)->GetState(second);
  EXPECT_EQ(first.parameters, second.parameters);
  EXPECT_EQ(first.statistics, second.statistics);
}

// What is evaluated is what a kept network computes anywhere.
TEST_P(MixedPrecision, EvaluatesInFloat) {
  const Architecture architecture = SmallArchitecture({65, 33});
  const auto mixed = Train(architecture, Precision::kMixed, 50, 20);
  const auto exact = Train(architecture, Precision::kFloat32, 50, 0);
  NetworkState state;
  mixed->GetState(state);
  exact->SetState(state);
  EXPECT_EQ(mixed->Evaluate(50).loss, exact->Evaluate(50).loss);
}

INSTANTIATE_TEST_SUITE_P(Levels, MixedPrecision, testing::ValuesIn(SupportedLevels()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace caviar::network
