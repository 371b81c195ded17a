#include "server/sampling/gp_feasibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "server/sampling/gp_noise.h"
#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::gp {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(WarpExcesses, KeepsSignsZeroAndOrder) {
  const std::vector<double> excesses = {-1e9, -3, -1e-4, 0, 1e-4, 3, 1e9};
  const std::vector<double> warped = WarpExcesses(excesses);
  for (size_t i = 1; i < warped.size(); ++i) EXPECT_LT(warped[i - 1], warped[i]);
  EXPECT_EQ(warped[3], 0);
  EXPECT_LT(warped[2], 0);
  EXPECT_GT(warped[4], 0);
  EXPECT_THAT(warped.front(), DoubleEq(-0.5));
  EXPECT_THAT(warped.back(), DoubleEq(0.5));
}

TEST(WarpExcesses, TakesWhatIsNotFiniteForTheLargest) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(WarpExcesses({kNaN, kInfinity, -kInfinity, 0, 2}),
              ElementsAre(0.5, 0.5, -0.5, 0, 0.5));
  EXPECT_THAT(WarpExcesses({kNaN, kNaN}), ElementsAre(0.5, 0.5));
  EXPECT_THAT(WarpExcesses({0, 0}), ElementsAre(0, 0));
  EXPECT_THAT(WarpExcesses({}), IsEmpty());
  const double huge = std::numeric_limits<double>::max();
  for (const double warped : WarpExcesses({huge, -huge, 1e-300})) {
    EXPECT_TRUE(std::isfinite(warped));
  }
}

TEST(FeasibilityCost, IsTheLogProbabilityToItsDerivatives) {
  for (const double mean : {-2.0, -0.1, 0.0, 0.4, 3.0}) {
    for (const double doubt : {1.0, 2.0}) {
      const Prediction at = {mean, 0.5, 0.5};
      EXPECT_NEAR(FeasibilityCost(at, doubt), -std::log(NormalCdf(-mean / (doubt * 0.5))), 1e-9);
      constexpr double kStep = 1e-6;
      const PredictionGradient gradient = FeasibilityGradient(at, doubt);
      const auto cost = [&](double shift, double wider) {
        return FeasibilityCost({mean + shift, 0.5 + wider, 0.5}, doubt);
      };
      EXPECT_NEAR(gradient.mean, (cost(kStep, 0) - cost(-kStep, 0)) / (2 * kStep), 1e-5);
      EXPECT_NEAR(gradient.deviation, (cost(0, kStep) - cost(0, -kStep)) / (2 * kStep), 1e-5);
    }
  }
}

TEST(FeasibilityCost, IsFiniteForWhatIsSurelyBrokenOrKept) {
  for (const double mean : {-1e6, -50.0, 50.0, 1e6}) {
    const Prediction at = {mean, 1e-3, 1e-3};
    EXPECT_TRUE(std::isfinite(FeasibilityCost(at, 1))) << mean;
    const PredictionGradient gradient = FeasibilityGradient(at, 1);
    EXPECT_TRUE(std::isfinite(gradient.mean) && std::isfinite(gradient.deviation)) << mean;
  }
}

std::vector<double> VariancesOf(std::vector<Outcome> outcomes) {
  return WarpVariances(outcomes, WarpOutputs(outcomes));
}

TEST(WarpVariances, AreEmptyWhereNoneIsKnown) {
  EXPECT_THAT(VariancesOf({{1, false, 0}, {2, false, 0}}), IsEmpty());
  EXPECT_THAT(VariancesOf({}), IsEmpty());
  EXPECT_THAT(VariancesOf({{0, true, 4}}), IsEmpty());
}

TEST(WarpVariances, FollowTheWarp) {
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 21; ++i) outcomes.push_back({static_cast<double>(i), false, 0});
  outcomes[5].variance = outcomes[6].variance = 1;
  outcomes.push_back({0, true, 1});
  const std::vector<double> warped = WarpOutputs(outcomes);
  const std::vector<double> variances = WarpVariances(outcomes, warped);
  ASSERT_EQ(variances.size(), outcomes.size());
  EXPECT_THAT(variances[5], DoubleNear(std::pow((warped[6] - warped[4]) / 2, 2), 1e-12));
  EXPECT_GT(variances[5], variances[6]);  // the logarithm stretches the good end
  EXPECT_EQ(variances[4], 0);
  EXPECT_EQ(variances.back(), 0);
}

TEST(WarpVariances, AreBounded) {
  const double huge = std::numeric_limits<double>::max();
  for (const double variance : {1e-300, 1e300, std::numeric_limits<double>::infinity()}) {
    for (const double other : {0.0, 1.0, huge, -huge}) {
      for (const double warped : VariancesOf({{1, false, variance}, {other, false, 1}})) {
        EXPECT_GE(warped, 0);
        EXPECT_LE(warped, 0.25);
      }
    }
  }
}

}  // namespace
}  // namespace caviar::sampling::gp
