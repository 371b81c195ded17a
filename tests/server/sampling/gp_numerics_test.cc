// The Gaussian process's inner loops against plain formulas, and its derivatives against central
// differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_improvement.h"
#include "server/sampling/gp_loops.h"
#include "server/sampling/gp_minimizer.h"
#include "server/sampling/gp_model.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Two numbers, a category, and a number that may be inactive.
search_space::ModelSpace MixedSpace() {
  std::vector<v1::Parameter> parameters(4);
  const char* names[] = {"x", "y", "c", "z"};
  for (size_t i = 0; i < 4; ++i) {
    parameters[i].set_name(names[i]);
    parameters[i].set_type(i == 2 ? v1::Parameter::BOOL : v1::Parameter::DOUBLE);
    parameters[i].set_max(1);
  }
  v1::Condition& when = *parameters[3].add_when();
  when.set_parameter("c");
  when.add_values()->set_bool_value(true);
  return search_space::ModelSpace(parameters);
}

class MixedModel : public testing::TestWithParam<bool> {
 protected:
  static constexpr int kCount = 21;

  MixedModel() {
    for (int i = 0; i < kCount; ++i) {
      points_.push_back(RandomPoint());
      layout_.Set(points_.back(), i, grid_);
      values_.push_back(std::sin(5 * points_.back()[0]) + points_.back()[2] * points_.back()[1]);
    }
    for (size_t i = 0; i < form_.centers().size(); ++i) {
      logs_.push_back(form_.centers()[i] + 0.5 * draws_.Normal());
    }
  }

  ModelPoint RandomPoint() {
    ModelPoint point = {draws_.Uniform(), draws_.Uniform(), 0, kNone};
    if (draws_.Uniform() < 0.5) point[2] = 1, point[3] = draws_.Uniform();
    return point;
  }

  // Straight from the definition.
  static double Distance(const ModelPoint& a, const ModelPoint& b, size_t axis) {
    if (axis == 2) return a[axis] != b[axis];
    if (std::isnan(a[axis]) || std::isnan(b[axis])) {
      if (std::isnan(a[axis]) && std::isnan(b[axis])) return 0;
      const double known = std::isnan(a[axis]) ? b[axis] : a[axis];
      return 1 + (known - 0.5) * (known - 0.5);
    }
    return (a[axis] - b[axis]) * (a[axis] - b[axis]);
  }
  static double Matern(double squared) {
    const double r = std::sqrt(5 * squared);
    return (1 + r + r * r / 3) * std::exp(-r);
  }
  double Plain(const Covariance& k, const ModelPoint& a, const ModelPoint& b) const {
    double sum = 0, value = k.constant;
    for (size_t axis = 0; axis < 4; ++axis) {
      const double squared = Distance(a, b, axis);
      const auto column = static_cast<size_t>(layout_.column(static_cast<int>(axis)));
      sum += k.columns[column].weight * squared;
      if (!k.additive.empty()) {
        value += k.additive[axis].variance * Matern(k.additive[axis].weight * squared);
      }
    }
    return value + k.variance * Matern(sum);
  }

  Draws draws_{7, GetParam()};
  search_space::ModelSpace space_ = MixedSpace();
  PointLayout layout_{space_};
  ModelForm form_{layout_, GetParam()};
  Grid grid_{layout_.width(), kCount};
  std::vector<ModelPoint> points_;
  std::vector<double> values_, logs_;
};

INSTANTIATE_TEST_SUITE_P(PlainAndAdditive, MixedModel, testing::Bool());

TEST_P(MixedModel, HasTheCovarianceOfItsDefinition) {
  const Covariance covariance = form_.CovarianceOf(logs_);
  Grid out(PaddedTo(kCount), PaddedTo(kCount));
  Covariances(covariance, grid_, 0, grid_.vectors(), grid_, kCount, out);
  for (int i = 0; i < kCount; ++i) {
    for (int j = 0; j < kCount; ++j) {
      const double plain =
          Plain(covariance, points_[static_cast<size_t>(i)], points_[static_cast<size_t>(j)]);
      EXPECT_NEAR(out(i, j), plain, 1e-14);
    }
  }
}

TEST_P(MixedModel, FactorsAndInvertsItsMatrix) {
  Grid k(PaddedTo(kCount), PaddedTo(kCount)), v = k, transposed = k, inverse = k;
  OwnCovariances(form_.CovarianceOf(logs_), grid_, kCount, 0.01, k);
  const Grid matrix = k;
  ASSERT_TRUE(Factorize(k));
  InvertFactor(k, v, transposed);
  SquareOfFactor(v, inverse);
  for (int i = 0; i < kCount; ++i) {
    for (int j = 0; j < kCount; ++j) {
      double sum = 0;
      for (int m = 0; m < kCount; ++m) {
        sum += matrix(std::min(i, m), std::max(i, m)) * inverse(std::min(m, j), std::max(m, j));
      }
      EXPECT_NEAR(sum, i == j, 1e-11) << i << " " << j;
    }
  }
}

TEST_P(MixedModel, HasTheDerivativesOfItsLikelihood) {
  const std::vector<double> own_noise = {0, 0.02};
  Likelihood likelihood(form_, grid_, values_, own_noise);
  std::vector<double> gradient, ignored;
  likelihood.Evaluate(logs_, gradient);
  ASSERT_EQ(gradient.size(), logs_.size());
  for (size_t i = 0; i < logs_.size(); ++i) {
    constexpr double kStep = 1e-5;
    std::vector<double> up = logs_, down = logs_;
    up[i] += kStep;
    down[i] -= kStep;
    const double difference =
        (likelihood.Evaluate(up, ignored) - likelihood.Evaluate(down, ignored)) / (2 * kStep);
    EXPECT_NEAR(gradient[i], difference, 1e-6 * (1 + std::abs(difference))) << i;
  }
}

TEST_P(MixedModel, HasTheDerivativesOfEveryAcquisition) {
  constexpr int kPending = 3;
  std::vector<double> seen(values_.begin(), values_.end() - kPending);
  Posterior posterior(form_.CovarianceOf(logs_), 1e-3, grid_, seen, kPending);
  const double step = 1e-6;
  for (const auto kind : {Acquisition::Kind::kConfidenceBound, Acquisition::Kind::kLogImprovement,
                          Acquisition::Kind::kExploration}) {
    // An exploration's penalty must count.
    const Acquisition acquisition{kind, kind == Acquisition::Kind::kExploration ? -2.0 : -0.3};
    Grid at(layout_.width(), kLanes), gradient, moved;
    for (int lane = 0; lane < kLanes; ++lane) {
      ModelPoint point = RandomPoint();
      point[2] = 1, point[3] = draws_.Uniform();
      layout_.Set(point, lane, at);
    }
    Prediction predictions[kLanes], up[kLanes], down[kLanes];
    PredictionGradient by[kLanes];
    posterior.PredictVector(at, 0, predictions);
    for (int lane = 0; lane < kLanes; ++lane) by[lane] = acquisition.Gradient(predictions[lane]);
    posterior.Gradient(at, 0, by, gradient);
    for (const int axis : {0, 1, 3}) {
      const int column = layout_.column(axis);
      moved = at;
      for (int lane = 0; lane < kLanes; ++lane) moved(column, lane) = at(column, lane) + step;
      posterior.PredictVector(moved, 0, up);
      for (int lane = 0; lane < kLanes; ++lane) moved(column, lane) = at(column, lane) - step;
      posterior.PredictVector(moved, 0, down);
      for (int lane = 0; lane < kLanes; ++lane) {
        const double difference =
            (acquisition.Cost(up[lane]) - acquisition.Cost(down[lane])) / (2 * step);
        EXPECT_NEAR(gradient(column, lane), difference, 2e-5 * (1 + std::abs(difference)))
            << axis << " " << lane << " " << static_cast<int>(kind);
      }
    }
  }
}

TEST_P(MixedModel, PredictsWhatItSawAndIsUnsureElsewhere) {
  Posterior posterior(form_.CovarianceOf(logs_), 1e-8, grid_, values_, 0);
  std::vector<Prediction> predictions;
  posterior.Predict(grid_, grid_.vectors(), predictions);
  for (size_t i = 0; i < kCount; ++i) {
    EXPECT_NEAR(predictions[i].mean, values_[i], 1e-4);
    EXPECT_LT(predictions[i].deviation, 1e-3);
  }
}

TEST(Posterior, KeepsItsMeanWherePendingPointsAreAndIsSurer) {
  const PointLayout layout(MixedSpace());
  const ModelForm form(layout, false);
  Grid grid(layout.width(), 3), at(layout.width(), kLanes);
  layout.Set({0.1, 0.2, 0, kNone}, 0, grid);
  layout.Set({0.9, 0.3, 0, kNone}, 1, grid);
  layout.Set({0.5, 0.8, 1, 0.2}, 2, grid);
  layout.Set({0.52, 0.78, 1, 0.25}, 0, at);
  Posterior with(form.CovarianceOf(form.centers()), 1e-3, grid, {-0.5, 0.5}, 1);
  Posterior without(form.CovarianceOf(form.centers()), 1e-3, grid, {-0.5, 0.5}, 0);
  Prediction a[kLanes], b[kLanes];
  with.PredictVector(at, 0, a);
  without.PredictVector(at, 0, b);
  EXPECT_NEAR(a[0].mean, b[0].mean, 1e-12);
  EXPECT_NEAR(a[0].seen_deviation, b[0].deviation, 1e-12);
  EXPECT_LT(a[0].deviation, 0.5 * b[0].deviation);
}

TEST(Posterior, StandsEqualPointsAndNoNoise) {
  const PointLayout layout(MixedSpace());
  const ModelForm form(layout, false);
  Grid grid(layout.width(), 100), at(layout.width(), kLanes);
  for (int i = 0; i < 100; ++i) layout.Set({0.5, 0.5, 0, kNone}, i, grid);
  Posterior posterior(form.CovarianceOf(form.centers()), 0, grid, std::vector<double>(100, 0.1), 0);
  Prediction predictions[kLanes];
  posterior.PredictVector(at, 0, predictions);
  EXPECT_TRUE(std::isfinite(predictions[0].mean));
  EXPECT_GT(predictions[0].deviation, 0);
}

TEST(ExpOfMinus, IsExactToTheLastBits) {
  for (double x = 0; x < 690; x += 0.377) {
    EXPECT_NEAR(ExpOfMinus(x) / std::exp(-x), 1, 1e-15) << x;
  }
  EXPECT_LT(ExpOfMinus(1e300), 1e-300);
}

TEST(Normal, HasQuantilesThatAreInverses) {
  for (const double z : {-8.0, -3.0, -1.0, -0.01, 0.0, 0.5, 2.0, 5.0}) {
    EXPECT_NEAR(NormalQuantile(0.5 * std::erfc(-z / std::sqrt(2.0))), z, 1e-8) << z;
  }
}

TEST(Normal, HasAnExactLogImprovementFarOut) {
  // Where the plain formula still has its digits.
  for (const double z : {-4.0, -1.5, -1.0, -0.5, 0.0, 3.0}) {
    const double plain =
        std::exp(-z * z / 2) / std::sqrt(2 * M_PI) + z * 0.5 * std::erfc(-z / std::sqrt(2.0));
    EXPECT_NEAR(LogOfImprovement(z).log_h, std::log(plain), 1e-9) << z;
  }
  // Nothing jumps where one formula takes over from the other, and derivatives fit.
  for (const double z : {-1e4, -100.0, -12.0, -11.0, -1.0, 1.0}) {
    const double step = 1e-5 * std::abs(z);
    const LogImprovement at = LogOfImprovement(z);
    const double slope =
        (LogOfImprovement(z + step).log_h - LogOfImprovement(z - step).log_h) / (2 * step);
    EXPECT_NEAR(at.distribution_ratio / slope, 1, 1e-6) << z;
    EXPECT_GT(at.density_ratio, 0) << z;
  }
  EXPECT_TRUE(std::isfinite(LogOfImprovement(-1e100).log_h));
}

TEST(WarpOutputs, KeepsTheOrderAndTheEnds) {
  const std::vector<double> warped = WarpOutputs(
      {{3.0, false}, {1e300, false}, {-2.0, false}, {0, true}, {-1e300, false}, {4.0, false}});
  EXPECT_EQ(warped[4], -0.5);
  EXPECT_LE(warped[4], warped[2]);
  EXPECT_LE(warped[2], warped[0]);
  EXPECT_LE(warped[0], warped[5]);
  EXPECT_LT(warped[5], warped[1]);
  EXPECT_EQ(warped[1], 0.5);
  EXPECT_GT(warped[3], 0.5);
}

TEST(WarpOutputs, MakesZerosOfEqualValues) {
  EXPECT_THAT(WarpOutputs({{7, false}, {7, false}}), testing::Each(0.0));
  EXPECT_THAT(WarpOutputs({}), testing::IsEmpty());
  EXPECT_EQ(WarpOutputs({{0, true}}).size(), 1u);
}

TEST(Minimizer, FindsTheMinimumOfAValleyAndOfABoxsEdge) {
  for (const double upper : {2.0, 0.5}) {
    Minimizer::Options options;
    options.max_evaluations = 200;
    options.tolerance = 1e-14;
    Minimizer minimizer({-1, 1}, {-2, -2}, {upper, 2}, options);
    while (!minimizer.done()) {
      const double x = minimizer.point()[0], y = minimizer.point()[1];
      ASSERT_LE(x, upper);
      minimizer.Tell((1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
                     {-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)});
    }
    const double best = std::min(upper, 1.0);
    EXPECT_NEAR(minimizer.best()[0], best, 1e-4);
    EXPECT_NEAR(minimizer.best()[1], best * best, 1e-4);
    EXPECT_LT(minimizer.evaluations(), 100);
  }
}

}  // namespace
}  // namespace caviar::sampling::gp
