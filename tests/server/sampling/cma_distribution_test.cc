#include "server/sampling/cma_distribution.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "caviar/v1/study.pb.h"
#include "server/sampling/counter_random.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling::cma {
namespace {

using search_space::ModelPoint;

constexpr uint64_t kSeed = 3;

search_space::SearchSpace SpaceOf(const std::string& text) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &study));
  return search_space::SearchSpace::Create(study.parameters()).value();
}

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
    distribution.Learn(points, uniform);
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

}  // namespace
}  // namespace caviar::sampling::cma
