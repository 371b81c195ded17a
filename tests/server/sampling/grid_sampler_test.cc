#include "server/sampling/grid_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Configuration;
using search_space::SearchSpace;

// Runs the study until the sampler says that it has nothing more.
std::vector<std::string> RunAll(const SearchSpace& space, SamplerInput input, int most) {
  GridSampler sampler;
  std::vector<std::string> texts;
  for (; input.number < most; ++input.number) {
    const auto configuration = Suggest(sampler, space, input);
    if (!configuration) return texts;
    texts.push_back(TextOf(*configuration));
    Observation observation;
    observation.number = input.number;
    observation.point = space.ToPoint(*configuration).value();
    input.history.Add(std::move(observation));
  }
  ADD_FAILURE() << "more than " << most << " trials";
  return texts;
}

SearchSpace ThreeAxes() {
  return SpaceOf(R"(parameters { name: "learning_rate" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
                    parameters { name: "momentum" type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG }
                    parameters { name: "units" type: INT min: 1 max: 1000 scale: LOG })");
}

TEST(ShuffledIndex, IsAPermutation) {
  for (const uint64_t size : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 1000u}) {
    for (const uint32_t seed : {0u, 1u}) {
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < size; ++i) seen.insert(ShuffledIndex(seed, i, size));
      EXPECT_EQ(seen.size(), size);
      EXPECT_EQ(*seen.rbegin(), size - 1);
    }
  }
  EXPECT_LT(ShuffledIndex(1, 5, uint64_t{1} << 53), uint64_t{1} << 53);
}

TEST(GridSampler, TriesEveryCombinationOnceAndThenSaysSo) {
  const auto texts = RunAll(ThreeAxes(), {}, 200);
  EXPECT_EQ(texts.size(), 125u);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 125u);
}

TEST(GridSampler, DependsOnWhatWasTriedAndNotOnWhatBecameOfIt) {
  GridSampler sampler;
  EXPECT_FALSE(sampler.UsesHistory());
  EXPECT_TRUE(sampler.UsesTriedPoints());
  const SearchSpace space = ThreeAxes();
  SamplerInput ended, pending;
  for (; ended.number < 40; ++pending.number, ++ended.number) {
    const auto point = sampler.SuggestPoint(space, ended);
    ASSERT_EQ(point, sampler.SuggestPoint(space, pending)) << ended.number;
    Observation observation;
    observation.number = ended.number;
    observation.value = ended.number;
    observation.state = ended.number % 3 ? v1::Trial::COMPLETED : v1::Trial::FAILED;
    observation.point = *point;
    ended.history.Add(std::move(observation));
    pending.pending.push_back({.point = *point, .rungs = {}});
  }
}

TEST(GridSampler, RespectsConditions) {
  const auto texts = RunAll(SpaceOf(ConditionalSpace()), {}, 100);
  EXPECT_EQ(texts.size(), 19u);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 19u);
}

TEST(GridSampler, LeavesNothingOutWhereOthersTookNumbers) {
  const SearchSpace space = ThreeAxes();
  SamplerInput input;
  GridSampler sampler;
  // A trial of the grid that someone asked for, one that is not of it, and one that runs.
  Observation first;
  first.point = *sampler.SuggestPoint(space, input);
  const std::string tried = TextOf(space.ToConfiguration(first.point));
  input.history.Add(first);
  Observation other;
  other.point = {0.123, 0.456, 0.5};
  input.history.Add(other);
  input.number = 77;
  input.pending.push_back({*sampler.SuggestPoint(space, input), {}});
  const auto texts = RunAll(space, input, 400);
  EXPECT_EQ(texts.size(), 123u);
  EXPECT_EQ(std::count(texts.begin(), texts.end(), tried), 0);
}

TEST(GridSampler, IsShuffledBySeedSoThatACutOffGridIsNoSlice) {
  const SearchSpace space = ThreeAxes();
  for (const uint32_t seed : {1u, 2u, 3u}) {
    GridSampler sampler;
    SamplerInput input;
    input.seed = seed;
    std::set<double> values[3];
    for (input.number = 0; input.number < 25; ++input.number) {
      const auto point = sampler.SuggestPoint(space, input);
      for (size_t i = 0; i < 3; ++i) values[i].insert((*point)[i]);
    }
    for (const auto& axis : values) EXPECT_GE(axis.size(), 4u) << seed;
  }
  SamplerInput one, other;
  other.seed = 1;
  EXPECT_NE(RunAll(space, one, 200), RunAll(space, other, 200));
  EXPECT_EQ(RunAll(space, one, 200), RunAll(space, one, 200));
}

TEST(GridSampler, RemembersNothingOfAnotherSpace) {
  GridSampler used;
  used.SuggestPoint(ThreeAxes(), {});
  const SearchSpace space = SpaceOf(ConditionalSpace());
  EXPECT_EQ(used.SuggestPoint(space, {}), GridSampler().SuggestPoint(space, {}));
}

TEST(GridSampler, DrawsFromAGridThatNobodyCanFinish) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += "parameters { name: 'x" + std::to_string(i) + "' type: DOUBLE min: 0 max: 1 grid: 99 }";
  }
  const SearchSpace space = SpaceOf(text);
  GridSampler sampler;
  SamplerInput input;
  std::set<search_space::Point> points;
  for (input.number = 0; input.number < 100; ++input.number) {
    points.insert(*sampler.SuggestPoint(space, input));
  }
  EXPECT_EQ(points.size(), 100u);
}

TEST(GridSampler, ASpaceWithoutAxesHasOneTrial) {
  EXPECT_EQ(RunAll(SpaceOf(R"(parameters { name: "x" value { int_value: 3 } })"), {}, 5).size(),
            1u);
}

TEST(GridCost, SaysWhatARandomSearchWouldHaveTried) {
  const GridCost cost = CostOfGrid(ThreeAxes());
  EXPECT_EQ(cost.trials, 125);
  ASSERT_EQ(cost.axes.size(), 3u);
  EXPECT_EQ(cost.axes[0].grid_values, 5);
  EXPECT_EQ(cost.axes[0].random_values, 125);
  EXPECT_GT(cost.axes[2].random_values, 50);
  EXPECT_LT(cost.axes[2].random_values, 110);
  EXPECT_EQ(DescribeGridCost(cost),
            "a grid of 125 trials tries 5 values of learning_rate; random search would have tried "
            "125");
}

TEST(GridCost, CountsTheTrialsInWhichAParameterIsActive) {
  const GridCost cost = CostOfGrid(SpaceOf(R"(
      parameters { name: "c" type: CATEGORICAL values { int_value: 1 } values { int_value: 2 }
                   values { int_value: 3 } values { int_value: 4 } }
      parameters { name: "x" type: DOUBLE min: 0 max: 1 grid: 97
                   when { parameter: "c" values { int_value: 1 } } })"));
  EXPECT_EQ(cost.trials, 100);
  EXPECT_NEAR(cost.axes[1].random_values, 25, 3);
}

TEST(GridCost, SaysNoMoreThanTheTrialsWhereAGridTriesAsMuch) {
  EXPECT_THAT(DescribeGridCost(CostOfGrid(SpaceOf(ConditionalSpace()))),
              testing::MatchesRegex("a grid of [0-9]+ trials"));
  EXPECT_EQ(DescribeGridCost(CostOfGrid(
                SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 grid: 50 })"))),
            "a grid of 50 trials");
}

}  // namespace
}  // namespace caviar::sampling
