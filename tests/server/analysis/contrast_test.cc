#include "server/analysis/contrast.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace caviar::analysis {
namespace {

using search_space::ModelAxis;

ModelAxis Categories(int count) {
  ModelAxis axis;
  axis.kind = ModelAxis::Kind::kCategorical;
  axis.categories = count;
  return axis;
}

TEST(Contrast, OfCategoriesIsTheirPearsonDivergenceLessChance) {
  // Ten of each of two categories; the group is five of the first: q = (1, 0), p = (1/2, 1/2).
  std::vector<double> places(20), weights(20);
  for (size_t i = 0; i < 10; ++i) places[i] = 1;
  for (size_t i = 0; i < 5; ++i) weights[i] = 1;
  // Sum of (q - p)^2 / p = 1. By chance (k - 1) / m * (n - m) / (n - 1) with k = 2, m = 5, n = 20.
  EXPECT_NEAR(Contrast(Categories(2), places, weights), 1 - 1.0 / 5 * 15 / 19, 1e-12);
}

TEST(Contrast, IsNothingWhereAllAreInTheGroupAlike) {
  std::vector<double> places(50);
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<double>(i) / 50;
  EXPECT_EQ(Contrast(ModelAxis(), places, std::vector<double>(50, 0.2)), 0);
  EXPECT_EQ(Contrast(ModelAxis(), places, std::vector<double>(50, 0)), 0);
  EXPECT_EQ(Contrast(ModelAxis(), {0.5}, {1}), 0);
}

TEST(Contrast, GrowsTheCloserTheGroupLies) {
  std::vector<double> places(1000);
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<double>(i) / 1000;
  double before = 0;
  for (const size_t width : {800u, 400u, 200u, 100u}) {
    std::vector<double> weights(1000);
    for (size_t i = 0; i < width; ++i) weights[i] = 100.0 / static_cast<double>(width);
    const double contrast = Contrast(ModelAxis(), places, weights);
    EXPECT_GT(contrast, before) << width;
    before = contrast;
  }
  // Ten times as dense on a tenth of the axis: 0.1 * 9^2 + 0.9 * 1, smoothed.
  EXPECT_GT(before, 3);
  EXPECT_LT(before, 9);
}

// What chance gives is taken off: on average nothing is left but what max(0, ...) keeps.
TEST(Contrast, OfABlindlyDrawnGroupIsSmall) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  for (const ModelAxis& axis : {ModelAxis(), Categories(10)}) {
    double sum = 0;
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::vector<double> places(100), weights(100);
      for (double& place : places) {
        place = axis.categories > 0 ? static_cast<double>(random() % 10)
                                    : static_cast<double>(random()) / 4294967296.0;
      }
      for (size_t i = 0; i < 10; ++i) weights[i] = 1;
      sum += Contrast(axis, places, weights);
    }
    EXPECT_LT(sum / 50, 0.25) << "seed " << kSeed;
  }
}

TEST(Contrast, TakesOneValueAndPlacesOutside) {
  ModelAxis single;
  single.kind = ModelAxis::Kind::kOrdered;
  single.places = {0};
  EXPECT_NEAR(Contrast(single, {0, 0, 0}, {1, 0, 0}), 0, 1e-12);
  EXPECT_GE(Contrast(ModelAxis(), {-1, 2, 0.5}, {1, 0, 0}), 0);
  EXPECT_GE(Contrast(Categories(2), {-1, 7, 0}, {1, 0, 0}), 0);
}

}  // namespace
}  // namespace caviar::analysis
