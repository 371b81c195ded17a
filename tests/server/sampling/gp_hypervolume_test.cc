#include "server/sampling/gp_hypervolume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "server/sampling/counter_random.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_hypervolume_improvement.h"
#include "server/sampling/hypervolume.h"

namespace caviar::sampling::gp {
namespace {

using testing::ElementsAre;

// Points with whole coordinates 0..side-1, so that many have coordinates in common.
std::vector<Values> WholePoints(uint64_t seed, int count, int objectives, int side) {
  std::vector<Values> points;
  for (int i = 0; i < count; ++i) {
    Values& point = points.emplace_back();
    for (int k = 0; k < objectives; ++k) {
      const double unit =
          ToUnit(RandomBits(seed, static_cast<uint64_t>(i), static_cast<uint64_t>(k)));
      point.push_back(std::floor(unit * side));
    }
  }
  return points;
}

// How many unit cells of the cube of that side some point dominates.
double CellsDominated(const std::vector<Values>& points, int objectives, int side) {
  const int cells = static_cast<int>(std::lround(std::pow(side, objectives)));
  int dominated = 0;
  for (int cell = 0; cell < cells; ++cell) {
    dominated += std::any_of(points.begin(), points.end(), [&](const Values& point) {
      int rest = cell;
      for (const double coordinate : point) {
        if (rest % side < coordinate) return false;
        rest /= side;
      }
      return true;
    });
  }
  return dominated;
}

TEST(ParetoFront, IsWhatNoOtherDominatesEachOnce) {
  EXPECT_THAT(ParetoFront({{1, 4}, {3, 3}, {2, 2}, {4, 1}, {2, 2}, {1, 5}}), ElementsAre(0, 2, 3));
  EXPECT_THAT(ParetoFront({}), ElementsAre());
}

// Of what is not negative.
double Volume(const FreeRegion& region) {
  double volume = 0;
  for (const FreeRegion::Box& box : region.boxes) {
    double part = 1;
    for (size_t i = 0; i < region.levels.size(); ++i) {
      const double lower = std::max(region.levels[i][box.lower[i]], 0.0);
      part *= std::max(0.0, region.levels[i][box.upper[i]] - lower);
    }
    volume += part;
  }
  return volume;
}

TEST(FreeRegion, HasTheCellsThatNoPointDominates) {
  constexpr int kSide = 7;
  for (const int objectives : {1, 2, 3, 4}) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(testing::Message() << objectives << " objectives, seed " << seed);
      const auto points = WholePoints(seed, static_cast<int>(seed % 12), objectives, kSide + 2);
      EXPECT_NEAR(Volume(FreeRegionOf(points, Values(static_cast<size_t>(objectives), kSide))),
                  std::pow(kSide, objectives) - CellsDominated(points, objectives, kSide), 1e-9);
    }
  }
}

TEST(FreeRegion, OfALongFrontHasFewBoxes) {
  std::vector<Values> circle;
  for (int i = 0; i < 100; ++i) {
    const double angle = 1.5 * ToUnit(RandomBits(1, static_cast<uint64_t>(i), 0));
    const double height = ToUnit(RandomBits(1, static_cast<uint64_t>(i), 1));
    const double radius = std::sqrt(1 - height * height);
    circle.push_back({radius * std::cos(angle), radius * std::sin(angle), height});
  }
  EXPECT_LE(FreeRegionOf(circle, {2, 2, 2}).boxes.size(), 2 * circle.size() + 1);
}

std::vector<Prediction> SomePredictions(Draws& draws, size_t objectives) {
  std::vector<Prediction> predictions(objectives);
  for (Prediction& at : predictions) {
    at.mean = 8 * draws.Uniform();
    at.deviation = 0.3 + 2 * draws.Uniform();
  }
  return predictions;
}

TEST(HypervolumeImprovement, IsTheMeanOverDraws) {
  Draws draws(5, 0);
  for (const int objectives : {2, 3}) {
    const auto points = WholePoints(3, 8, objectives, 8);
    const Values reference(static_cast<size_t>(objectives), 7.5);
    const HypervolumeImprovement improvement(FreeRegionOf(points, reference));
    const double before = Hypervolume(points, reference);
    const auto at = SomePredictions(draws, static_cast<size_t>(objectives));
    double sum = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      std::vector<Values> with = points;
      Values& drawn = with.emplace_back();
      for (const Prediction& of : at) drawn.push_back(of.mean + of.deviation * draws.Normal());
      sum += Hypervolume(with, reference) - before;
    }
    const double exact = std::exp(-improvement.Cost(at, nullptr));
    EXPECT_NEAR(sum / kDraws / exact, 1, 0.05) << objectives << " objectives";
  }
}

TEST(HypervolumeImprovement, HasItsOwnDerivatives) {
  Draws draws(7, 0);
  for (const size_t objectives : {2u, 3u, 4u}) {
    for (int round = 0; round < 10; ++round) {
      const HypervolumeImprovement improvement(FreeRegionOf(
          WholePoints(static_cast<uint64_t>(round), 9, static_cast<int>(objectives), 9),
          Values(objectives, 8)));
      auto at = SomePredictions(draws, objectives);
      std::vector<PredictionGradient> gradient;
      improvement.Cost(at, &gradient);
      constexpr double kStep = 1e-5;
      for (size_t i = 0; i < objectives; ++i) {
        for (double Prediction::*part : {&Prediction::mean, &Prediction::deviation}) {
          const double middle = at[i].*part;
          at[i].*part = middle + kStep;
          const double above = improvement.Cost(at, nullptr);
          at[i].*part = middle - kStep;
          const double below = improvement.Cost(at, nullptr);
          at[i].*part = middle;
          const double exact = part == &Prediction::mean ? gradient[i].mean : gradient[i].deviation;
          EXPECT_NEAR((above - below) / (2 * kStep), exact, 1e-5 * (1 + std::abs(exact)));
        }
      }
    }
  }
}

TEST(HypervolumeImprovement, IsFiniteFarBehindTheFront) {
  const HypervolumeImprovement improvement(FreeRegionOf({{0, 1}, {1, 0}}, {2, 2}));
  for (const double distance : {10.0, 1e3, 1e8}) {
    std::vector<PredictionGradient> gradient;
    EXPECT_TRUE(std::isfinite(improvement.Cost({{distance, 1, 1}, {distance, 1, 1}}, &gradient)));
    for (const PredictionGradient& by : gradient) {
      EXPECT_TRUE(std::isfinite(by.mean) && std::isfinite(by.deviation));
    }
  }
}

}  // namespace
}  // namespace caviar::sampling::gp
