#include "worker/network/dropout.h"

#include <gtest/gtest.h>

#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"
#include "worker/network/network.h"

namespace caviar::network {
namespace {

Matrix<float> Mask(uint64_t key, double probability, int rows = 200, int cols = 500) {
  Matrix<float> mask(rows, cols);
  DrawDropoutMask<float>(key, probability, MatrixView<float>(mask.data(), rows, cols));
  return mask;
}

TEST(Dropout, DropsItsShareAndScalesTheRest) {
  for (const double p : {0.1, 0.5, 0.9}) {
    const Matrix<float> mask = Mask(7, p);
    const float kept = static_cast<float>(1 / (1 - p));
    const double dropped =
        static_cast<double>((mask.array() == 0.0f).count()) / static_cast<double>(mask.size());
    EXPECT_NEAR(dropped, p, 0.005);
    EXPECT_TRUE(((mask.array() == 0.0f) || (mask.array() == kept)).all());
  }
  EXPECT_TRUE((Mask(7, 0).array() == 1.0f).all());
}

TEST(Dropout, IsAPureFunctionOfItsKey) {
  EXPECT_EQ(Mask(1, 0.5), Mask(1, 0.5));
  for (const uint64_t other : {2ull, 1ull << 32, (1ull << 32) + 1}) {
    const auto both = (Mask(1, 0.5).array() == Mask(other, 0.5).array()).count();
    EXPECT_NEAR(static_cast<double>(both) / 100'000, 0.5, 0.01) << "key " << other;
  }
}

TEST(Dropout, DropsNeighboursIndependently) {
  const Matrix<float> mask = Mask(3, 0.5, 1, 100'000);
  for (const int distance : {1, 2, 3, 16, 200}) {
    int same = 0;
    const int pairs = 100'000 - distance;
    for (int i = 0; i < pairs; ++i) same += mask(i) == mask(i + distance) ? 1 : 0;
    EXPECT_NEAR(same / static_cast<double>(pairs), 0.5, 0.01) << "distance " << distance;
  }
}

TEST(Dropout, DrawsAnotherMaskForEachUpdateAndNoneForEvaluation) {
  const Architecture architecture = SmallArchitecture({40});
  UpdateRule rule;
  rule.optimizer = Optimizer::kSgd;
  rule.dropout = 0.5;
  auto network = *CreateNetwork(architecture, rule, 64);
  network->SetState(InitialState(architecture, Initialization::kHe, 1, 2));
  FillNormal(3, 64 * architecture.inputs, network->inputs());
  FillLabels(4, 64, architecture.classes, network->labels());
  const double first = network->Update(64, 0).loss;
  EXPECT_NE(network->Update(64, 0).loss, first) << "nothing moved but the mask";
  EXPECT_EQ(network->Evaluate(64).loss, network->Evaluate(64).loss);
}

}  // namespace
}  // namespace caviar::network
