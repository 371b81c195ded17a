#include "server/sampling/cma_distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "caviar/v1/study.pb.h"
#include "server/sampling/counter_random.h"
#include "server/search_space/search_space.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling::cma {
namespace {

using search_space::ModelPoint;

constexpr uint64_t kSeed = 3;

Uniform Numbers() {
  return [counter = uint64_t{0}]() mutable { return ToUnit(RandomBits(kSeed, 0, counter++)); };
}

// Generations that are ranked by `value`.
template <typename Value>
void Evolve(Distribution& distribution, int generations, const Uniform& uniform,
            const Value& value) {
  for (int i = 0; i < generations; ++i) {
    std::vector<ModelPoint> points;
    for (int k = 0; k < distribution.population(); ++k)
      points.push_back(distribution.Draw(uniform));
    std::stable_sort(points.begin(), points.end(),
                     [&](const ModelPoint& a, const ModelPoint& b) { return value(a) < value(b); });
    distribution.Learn(points, /*noisy=*/false, uniform);
  }
}

TEST(Distribution, ClosesInOnTheBestPoint) {
  for (const int dimensions : {3, kMaxFullDimensions + 1}) {
    std::string text;
    for (int i = 0; i < dimensions; ++i) {
      text += "parameters { name: \"x" + std::to_string(i) + "\" type: DOUBLE min: 0 max: 1 }";
    }
    const auto space = SpaceOf(text);
    Distribution distribution(space.model(), ModelPoint(static_cast<size_t>(dimensions), 0.5), 0.2,
                              dimensions > 10 ? 20 : 8);
    const auto bowl = [](const ModelPoint& at) {
      double sum = 0;
      for (size_t i = 0; i < at.size(); ++i) sum += std::pow(at[i] - 0.4, 2);
      return sum / static_cast<double>(at.size());
    };
    const auto uniform = Numbers();
    const double before = bowl(distribution.Draw(uniform));
    Evolve(distribution, dimensions > 10 ? 150 : 60, uniform, bowl);
    EXPECT_LT(bowl(distribution.Draw(uniform)), before / 100) << dimensions << ", seed " << kSeed;
  }
}

TEST(Distribution, KeepsAChanceForOtherWholeNumbersAndCategories) {
  const auto space = SpaceOf(R"(
      parameters { name: "n" type: INT min: 1 max: 9 }
      parameters { name: "x" type: DOUBLE min: 0 max: 1 }
      parameters { name: "c" type: CATEGORICAL
                   values { string_value: "a" } values { string_value: "b" } })");
  Distribution distribution(space.model(), {0.5, 0.5, 0}, 0.2, 6);
  const auto uniform = Numbers();
  const double middle = space.model().axis(0).places[4];
  Evolve(distribution, 100, uniform, [&](const ModelPoint& at) {
    return std::abs(at[0] - middle) + std::abs(at[1] - 0.5) + at[2];
  });
  int other_number = 0, other_category = 0;
  for (int i = 0; i < 1000; ++i) {
    const ModelPoint point = distribution.Draw(uniform);
    other_number += point[0] != middle;
    other_category += point[2] != 0;
  }
  // The margins: 1/18 and .27.
  EXPECT_GT(other_number, 20) << "seed " << kSeed;
  EXPECT_LT(other_number, 300) << "seed " << kSeed;
  EXPECT_NEAR(other_category, 270, 60) << "seed " << kSeed;
}

TEST(Distribution, StartsWhereTheBestOfEarlierTrialsLie) {
  for (const int reals : {2, kMaxFullDimensions + 1}) {
    std::string text = R"(parameters { name: "c" type: CATEGORICAL values { string_value: "a" }
                           values { string_value: "b" } values { string_value: "c" } })";
    for (int i = 0; i < reals; ++i) {
      text += "parameters { name: \"x" + std::to_string(i) + "\" type: DOUBLE min: 0 max: 1 }";
    }
    const auto space = SpaceOf(text);
    // Along the first number they are spread out, along the others not; one lacks the last.
    std::vector<ModelPoint> points;
    for (const double x : {0.3, 0.4, 0.5, 0.6, 0.7}) {
      points.emplace_back(static_cast<size_t>(reals + 1), 0.2);
      points.back()[0] = 1;
      points.back()[1] = x;
    }
    points[2].back() = std::nan("");
    const Distribution distribution = Distribution::Over(space.model(), points, 0.05, 8);
    const auto uniform = Numbers();
    constexpr int kDraws = 4000;
    double first = 0, squares = 0, last = 0, last_squares = 0, category = 0;
    for (int i = 0; i < kDraws; ++i) {
      const ModelPoint at = distribution.Draw(uniform);
      category += at[0] == 1;
      first += at[1] / kDraws;
      squares += at[1] * at[1] / kDraws;
      last += at.back() / kDraws;
      last_squares += at.back() * at.back() / kDraws;
    }
    EXPECT_NEAR(first, 0.5, 0.02) << "seed " << kSeed;
    EXPECT_NEAR(last, 0.2, 0.02) << "seed " << kSeed;
    // The variance of the points, .02, and that around each.
    EXPECT_NEAR(std::sqrt(squares - first * first), std::sqrt(0.02 + 0.0025), 0.015);
    EXPECT_NEAR(std::sqrt(last_squares - last * last), 0.05, 0.01);
    EXPECT_NEAR(category / kDraws, 0.5 + 0.5 / 3, 0.05);
  }
}

TEST(LearningRate, FallsWhereUpdatesAreNoiseAndRisesAgainWhereTheyAgree) {
  const auto uniform = Numbers();
  LearningRate rate(0.1);
  const auto update = [&](double signal) {
    Eigen::VectorXd step(4);
    for (Eigen::Index i = 0; i < 4; ++i) step(i) = signal + 2 * uniform() - 1;
    return rate.Adapt(step);
  };
  for (int i = 0; i < 200; ++i) update(0);
  EXPECT_LT(rate.rate(), 0.3) << "seed " << kSeed;
  for (int i = 0; i < 600; ++i) update(20);
  EXPECT_EQ(rate.rate(), 1) << "seed " << kSeed;
}

TEST(Distribution, MovesLessWhereTheOrderIsNoisy) {
  const auto space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 }
                                parameters { name: "y" type: DOUBLE min: 0 max: 1 })");
  // How far the mean strays in generations whose order says nothing, on average.
  const auto stray = [&](bool noisy) {
    double sum = 0;
    const auto uniform = Numbers();
    for (int study = 0; study < 20; ++study) {
      Distribution distribution(space.model(), {0.5, 0.5}, 0.05, 6);
      for (int i = 0; i < 30; ++i) {
        std::vector<ModelPoint> points;
        for (int k = 0; k < 6; ++k) points.push_back(distribution.Draw(uniform));
        distribution.Learn(points, noisy, uniform);
      }
      double x = 0;
      for (int k = 0; k < 200; ++k) x += distribution.Draw(uniform)[0] / 200;
      sum += std::abs(x - 0.5) / 20;
    }
    return sum;
  };
  EXPECT_LT(stray(true), 0.8 * stray(false)) << "seed " << kSeed;
}

}  // namespace
}  // namespace caviar::sampling::cma
