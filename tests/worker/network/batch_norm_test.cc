#include "worker/network/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace caviar::network {
namespace {

constexpr double kMomentum = 0.9;
constexpr double kEpsilon = 1e-3;

// One layer of two units: gamma 2 and 3, beta 5 and -1.
Architecture With(double momentum, bool bias_correction = true) {
  Architecture architecture;
  architecture.batch_norm_momentum = momentum;
  architecture.batch_norm_epsilon = kEpsilon;
  architecture.bias_correction = bias_correction;
  return architecture;
}

class BatchNormTest : public testing::Test {
 protected:
  BatchNormTest() : parameters_(Vector<double>::Zero(32)), statistics_(Vector<double>::Zero(32)) {
    layer_.inputs = 1;
    layer_.units = 2;
    layer_.gamma = 0;
    layer_.beta = 16;
    layer_.running_mean = 0;
    layer_.running_variance = 16;
    parameters_[0] = 2;
    parameters_[1] = 3;
    parameters_[16] = 5;
    parameters_[17] = -1;
  }

  // What evaluation makes of x for unit 0, after `updates` updates.
  double Evaluated(BatchNorm<double>& norm, int64_t updates, double x) {
    Matrix<double> batch = Matrix<double>::Constant(2, 1, x);
    norm.Evaluate(parameters_.data(), statistics_.data(), updates, batch.data(), 1, batch.data());
    return batch(0, 0);
  }

  LayerLayout layer_;
  Vector<double> parameters_;
  Vector<double> statistics_;
};

TEST_F(BatchNormTest, NormalizesWithTheBatchsVarianceOfDivisorN) {
  BatchNorm<double> norm(layer_, With(kMomentum), 3);
  Matrix<double> x(2, 3);
  x << 1, 2, 6,  //
      -4, 0, 4;
  Matrix<double> y(2, 3);
  norm.Train(parameters_.data(), x.data(), 3, y.data());
  // Unit 0: mean 3, variance (4 + 1 + 9) / 3. Unit 1: mean 0, variance 32 / 3.
  for (int j = 0; j < 3; ++j) {
    EXPECT_DOUBLE_EQ(y(0, j), 2 * (x(0, j) - 3) / std::sqrt(14.0 / 3 + kEpsilon) + 5);
    EXPECT_DOUBLE_EQ(y(1, j), 3 * x(1, j) / std::sqrt(32.0 / 3 + kEpsilon) - 1);
  }
}

TEST_F(BatchNormTest, EvaluatesWithMeanZeroAndVarianceOneBeforeAnyUpdate) {
  BatchNorm<double> norm(layer_, With(kMomentum), 3);
  EXPECT_DOUBLE_EQ(Evaluated(norm, 0, 4), 2 * 4 / std::sqrt(1 + kEpsilon) + 5);
}

TEST_F(BatchNormTest, EvaluatesWithRunningStatisticsWithoutTheWeightOfTheirStart) {
  BatchNorm<double> norm(layer_, With(kMomentum), 4);
  // By the rule itself: r <- m r + (1 - m) b from 0 and 1, then (r - m^t r0) / (1 - m^t).
  double mean = 0;
  double variance = 1;
  const std::vector<std::vector<double>> batches = {{1, 2, 6}, {0, 10}, {3, 3, 5, 5}};
  for (size_t t = 0; t < batches.size(); ++t) {
    const int count = static_cast<int>(batches[t].size());
    Matrix<double> x(2, count);
    double batch_mean = 0;
    for (int j = 0; j < count; ++j) {
      x.col(j).setConstant(batches[t][static_cast<size_t>(j)]);
      batch_mean += x(0, j) / count;
    }
    double batch_variance = 0;
    for (int j = 0; j < count; ++j) {
      batch_variance += (x(0, j) - batch_mean) * (x(0, j) - batch_mean) / (count - 1);
    }
    norm.Train(parameters_.data(), x.data(), count, x.data());
    norm.UpdateStatistics(count, statistics_.data());
    mean = kMomentum * mean + (1 - kMomentum) * batch_mean;
    variance = kMomentum * variance + (1 - kMomentum) * batch_variance;

    const double start = std::pow(kMomentum, static_cast<double>(t + 1));
    const double expected_mean = mean / (1 - start);
    const double expected_variance = (variance - start) / (1 - start);
    EXPECT_NEAR(Evaluated(norm, static_cast<int64_t>(t) + 1, 4),
                2 * (4 - expected_mean) / std::sqrt(expected_variance + kEpsilon) + 5, 1e-12)
        << "after update " << t + 1;
  }
}

TEST_F(BatchNormTest, AfterOneUpdateEvaluatesWithExactlyThatBatch) {
  for (const double momentum : {0.0, 0.5, 0.999999999}) {
    statistics_.setZero();
    BatchNorm<double> norm(layer_, With(momentum), 2);
    Matrix<double> x(2, 2);
    x << 1e-3, 3e-3, 0, 0;
    norm.Train(parameters_.data(), x.data(), 2, x.data());
    norm.UpdateStatistics(2, statistics_.data());
    // Mean 2e-3, variance of divisor N - 1: 2e-6.
    EXPECT_NEAR(Evaluated(norm, 1, 4), 2 * (4 - 2e-3) / std::sqrt(2e-6 + kEpsilon) + 5, 1e-5);
  }
}

TEST_F(BatchNormTest, KeepsTheWeightOfTheStartWithoutBiasCorrection) {
  BatchNorm<double> norm(layer_, With(kMomentum, false), 2);
  double mean = 0, variance = 1;
  EXPECT_DOUBLE_EQ(Evaluated(norm, 0, 4), 2 * 4 / std::sqrt(1 + kEpsilon) + 5);
  for (int t = 1; t <= 5; ++t) {
    Matrix<double> x(2, 2);
    x << t, t + 4, 0, 0;
    norm.Train(parameters_.data(), x.data(), 2, x.data());
    norm.UpdateStatistics(2, statistics_.data());
    mean = kMomentum * mean + (1 - kMomentum) * (t + 2);
    variance = kMomentum * variance + (1 - kMomentum) * 8;
    EXPECT_NEAR(Evaluated(norm, t, 4), 2 * (4 - mean) / std::sqrt(variance + kEpsilon) + 5, 1e-12);
  }
}

TEST_F(BatchNormTest, CountsTheVarianceOfASingleExampleAsZero) {
  BatchNorm<double> norm(layer_, With(kMomentum), 1);
  Matrix<double> x = Matrix<double>::Constant(2, 1, 7);
  norm.Train(parameters_.data(), x.data(), 1, x.data());
  EXPECT_DOUBLE_EQ(x(0, 0), 5);
  norm.UpdateStatistics(1, statistics_.data());
  EXPECT_NEAR(Evaluated(norm, 1, 8), 2 * (8 - 7) / std::sqrt(kEpsilon) + 5, 1e-9);
}

}  // namespace
}  // namespace caviar::network
