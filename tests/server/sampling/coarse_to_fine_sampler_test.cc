#include "server/sampling/coarse_to_fine_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "server/sampling/random_sampler.h"
#include "server/sampling/sobol_sampler.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

SearchSpace Square() {
  return SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 }
                    parameters { name: "y" type: DOUBLE min: 0 max: 1 })");
}

Observation At(int32_t number, Point point, double value,
               v1::Trial::State state = v1::Trial::COMPLETED) {
  Observation observation;
  observation.number = number;
  observation.state = state;
  observation.value = value;
  observation.point = std::move(point);
  return observation;
}

// The distance from (0.3, 0.8) of `count` random points; max_trials is 80, a round 10.
SamplerInput BowlInput(uint32_t seed, int count) {
  SamplerInput input;
  input.seed = seed;
  input.max_trials = 80;
  for (int i = 0; i < count; ++i) {
    const Point point = RandomPoint(seed + 1000, static_cast<uint32_t>(i), 2);
    input.history.Add(At(i, point, std::hypot(point[0] - 0.3, point[1] - 0.8)));
  }
  input.number = count;
  return input;
}

TEST(RoundSize, IsAnEqualPartOfTheTrialsOrGoesByTheDimension) {
  SamplerInput input;
  EXPECT_EQ(RoundSize(input, 0), 8);
  EXPECT_EQ(RoundSize(input, 9), 20);
  EXPECT_EQ(RoundSize(input, 256), 100);
  for (const auto& [trials, size] : {std::pair(1, 2), {16, 2}, {80, 10}, {100, 13}, {8000, 1000}}) {
    input.max_trials = trials;
    EXPECT_EQ(RoundSize(input, 5), size) << trials;
  }
  input.max_trials = std::numeric_limits<int32_t>::max();
  EXPECT_GT(RoundSize(input, 5), 1000000);
}

TEST(CoarseToFine, SearchesTheWholeSpaceInItsFirstRound) {
  CoarseToFineSampler sampler;
  SamplerInput input = BowlInput(4, 9);
  for (input.number = 0; input.number < 10; ++input.number) {
    EXPECT_EQ(sampler.SuggestPoint(Square(), input),
              SobolPoint(4, static_cast<uint32_t>(input.number), 2));
  }
}

TEST(CoarseToFine, ZoomsInFromRoundToRound) {
  const SearchSpace space = Square();
  for (const uint32_t seed : {1u, 2u, 3u, 4u, 5u}) {
    double before = 1.01;
    // With more random points the best lie closer together.
    for (const int32_t round : {1, 8, 64, 512}) {
      const Box box = BoxOf(space.model(), BowlInput(seed, 10 * round), round);
      const double width =
          std::max(box.sides[0].high - box.sides[0].low, box.sides[1].high - box.sides[1].low);
      EXPECT_LT(width, before) << seed << " " << round;
      before = width;
    }
    EXPECT_LT(before, 0.1) << seed;
  }
}

TEST(CoarseToFine, ABoxHoldsTheBestWithAMarginOnTheSidesThatHaveRoom) {
  SamplerInput input;
  input.max_trials = 80;
  // The best three: gaps of 0.1 and the best one in the middle along x, at the upper end along y.
  input.history.Add(At(0, {0.5, 0.6}, 1));
  input.history.Add(At(1, {0.4, 0.4}, 2));
  input.history.Add(At(2, {0.6, 0.5}, 3));
  input.history.Add(At(3, {0.9, 0.1}, 4));
  const Box box = BoxOf(Square().model(), input, 1);
  EXPECT_NEAR(box.sides[0].low, 0.35, 1e-12);
  EXPECT_NEAR(box.sides[0].high, 0.65, 1e-12);
  EXPECT_NEAR(box.sides[1].low, 0.35, 1e-12);
  EXPECT_NEAR(box.sides[1].high, 0.65 + 0.1, 1e-12);  // widened by half of 0.2
}

TEST(CoarseToFine, ABoxHoldsTrialsThatKeepConstraintsBeforeThoseThatDoNot) {
  SamplerInput input;
  input.max_trials = 80;
  const auto add = [&](Point point, double value, double excess) {
    Observation observation =
        At(static_cast<int32_t>(input.history.size()), std::move(point), value);
    observation.excesses = {excess};
    input.history.Add(std::move(observation));
  };
  add({0.9, 0.9}, -100, 5);
  add({0.8, 0.9}, -100, 2);
  add({0.3, 0.3}, 1, -1);
  add({0.4, 0.4}, 2, 0);
  add({0.5, 0.5}, 0, 0.1);  // the least of what is broken
  const Box box = BoxOf(Square().model(), input, 1);
  EXPECT_LT(box.sides[0].low, 0.3);
  EXPECT_GT(box.sides[0].high, 0.5);
  EXPECT_LT(box.sides[0].high, 0.7);
}

TEST(CoarseToFine, SpendsHalfOfTheFirstRoundAroundTheBestOfEarlierStudies) {
  const SearchSpace space = Square();
  SamplerInput input;
  input.seed = 6;
  input.max_trials = 1600;  // rounds of 200
  std::vector<std::vector<Observation>> earlier(2);
  for (int i = 0; i < 300; ++i) {
    const Point point = RandomPoint(1, static_cast<uint32_t>(i), 2);
    earlier[0].push_back(At(i, point, std::hypot(point[0] - 0.3, point[1] - 0.8)));
    earlier[1].push_back(At(i, point, std::hypot(point[0] - 0.35, point[1] - 0.8)));
  }
  input.warm_start =
      std::make_shared<const std::vector<std::vector<Observation>>>(std::move(earlier));
  const Box box = BoxOf(space.model(), input, 0);
  EXPECT_LT(box.sides[0].low, 0.3);
  EXPECT_GT(box.sides[0].high, 0.35);
  EXPECT_LT(box.sides[0].high - box.sides[0].low, 0.6);
  int inside = 0;
  for (; input.number < 200; ++input.number) {
    const Point point = CoarseToFineSampler().SuggestPoint(space, input).value();
    inside += point[0] >= box.sides[0].low && point[0] <= box.sides[0].high &&
              point[1] >= box.sides[1].low && point[1] <= box.sides[1].high;
  }
  EXPECT_GT(inside, 80) << "seed 6";
  EXPECT_LT(inside, 170) << "seed 6";
}

TEST(CoarseToFine, TakesEarlierStudiesOfWhichNothingIsKnown) {
  for (const size_t studies : {0, 1, 2}) {
    SamplerInput input;
    input.warm_start = std::make_shared<const std::vector<std::vector<Observation>>>(studies);
    for (; input.number < 50; ++input.number) {
      const Point point = CoarseToFineSampler().SuggestPoint(Square(), input).value();
      for (const double at : point) EXPECT_TRUE(at >= 0 && at <= 1) << at;
    }
  }
}

TEST(CoarseToFine, ABoxEndsWhereTheSpaceDoes) {
  SamplerInput input;
  input.max_trials = 80;
  input.history.Add(At(0, {0, 1}, 1));
  input.history.Add(At(1, {0.4, 0.5}, 2));
  const Box box = BoxOf(Square().model(), input, 1);
  EXPECT_EQ(box.sides[0].low, 0);
  EXPECT_EQ(box.sides[1].high, 1);
}

TEST(CoarseToFine, LooksAtThatManyOfTheFirstResultsAndNoneAfter) {
  const SearchSpace space = Square();
  const SamplerInput exact = BowlInput(2, 30);
  SamplerInput more = exact;
  more.history.Add(At(30, {0.01, 0.02}, -100));
  more.history.Add(At(31, {0.02, 0.01}, -100));
  const auto same = [](const Box& a, const Box& b) {
    return a.sides[0].low == b.sides[0].low && a.sides[0].high == b.sides[0].high;
  };
  EXPECT_TRUE(same(BoxOf(space.model(), exact, 3), BoxOf(space.model(), more, 3)));
  EXPECT_FALSE(same(BoxOf(space.model(), exact, 4), BoxOf(space.model(), more, 4)));
}

TEST(CoarseToFine, DoesNotWaitForTheLastTrialOfTheRoundBefore) {
  SamplerInput input = BowlInput(2, 7);  // of 10: three still run
  input.number = 12;
  const Box box = BoxOf(Square().model(), input, 1);
  EXPECT_LT(box.sides[0].high - box.sides[0].low, 1);
  EXPECT_TRUE(CoarseToFineSampler().SuggestPoint(Square(), input).has_value());
}

TEST(CoarseToFine, KeepsAboutATenthOfItsTrialsOutside) {
  const SearchSpace space = Square();
  CoarseToFineSampler sampler;
  SamplerInput input = BowlInput(3, 1250);
  input.max_trials = 8000;
  const Box box = BoxOf(space.model(), input, 5);
  int inside = 0;
  for (input.number = 5000; input.number < 6000; ++input.number) {
    const Point point = *sampler.SuggestPoint(space, input);
    inside += point[0] >= box.sides[0].low && point[0] <= box.sides[0].high &&
              point[1] >= box.sides[1].low && point[1] <= box.sides[1].high;
  }
  EXPECT_NEAR(inside, 900, 40);
}

TEST(CoarseToFine, PrefersTheCategoriesOfTheBestAndForgetsNone) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "c" type: CATEGORICAL
      values { int_value: 1 } values { int_value: 2 } values { int_value: 3 } values { int_value: 4 } })");
  SamplerInput input;
  input.max_trials = 80;
  input.history.Add(At(0, {0.625}, 1));
  input.history.Add(At(1, {0.625}, 2));
  input.history.Add(At(2, {0.125}, 3));
  input.history.Add(At(3, {0.875}, 4));
  const std::vector<double> p = BoxOf(space.model(), input, 1).sides[0].probabilities;
  ASSERT_EQ(p.size(), 4u);
  EXPECT_NEAR(p[2], 0.05 + 0.8 * 2 / 3, 1e-12);
  EXPECT_NEAR(p[0], 0.05 + 0.8 / 3, 1e-12);
  EXPECT_NEAR(p[1], 0.05, 1e-12);
  EXPECT_NEAR(p[3], 0.05, 1e-12);
}

TEST(CoarseToFine, AParameterThatTheBestDoNotHaveKeepsItsRange) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "on" type: BOOL }
      parameters { name: "x" type: DOUBLE min: 0 max: 1
                   when { parameter: "on" values { bool_value: true } } })");
  SamplerInput input;
  input.max_trials = 80;
  for (int i = 0; i < 5; ++i) input.history.Add(At(i, {0.25, 0.5}, i));
  const Box box = BoxOf(space.model(), input, 1);
  EXPECT_EQ(box.sides[1].low, 0);
  EXPECT_EQ(box.sides[1].high, 1);
}

TEST(CoarseToFine, LearnsOnlyFromTrialsWithAFiniteValue) {
  SamplerInput input;
  input.max_trials = 80;
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  input.history.Add(At(0, {0.1, 0.1}, 0, v1::Trial::INFEASIBLE));
  input.history.Add(At(1, {0.2, 0.2}, 0, v1::Trial::FAILED));
  input.history.Add(At(2, {0.2, 0.3}, 0, v1::Trial::PRUNED));
  input.history.Add(At(3, {0.2, 0.4}, nan));
  input.history.Add(At(4, {0.2, 0.5}, -inf));
  input.history.Add(At(5, {0.9, 0.9}, 5));
  EXPECT_EQ(BoxOf(Square().model(), input, 1).sides[0].low, 0);  // one alone spans nothing
  input.history.Add(At(6, {0.8, 0.8}, 6));
  EXPECT_GT(BoxOf(Square().model(), input, 1).sides[0].low, 0.6);
}

TEST(CoarseToFine, TakesPrunedTrialsForWorseThanCompletedOnes) {
  SamplerInput input;
  input.max_trials = 80;
  for (int i = 0; i < 3; ++i) {
    input.history.Add(At(i, {0.1 + 0.01 * i, 0.5}, 0, v1::Trial::PRUNED));
    Observation pruned = At(3 + i, {0.8 + 0.01 * i, 0.5}, 0, v1::Trial::PRUNED);
    pruned.rungs = {1.0 + i};
    input.history.Add(std::move(pruned));
  }
  // What reached a rung is better than what did not, and all there is.
  EXPECT_GT(BoxOf(Square().model(), input, 1).sides[0].low, 0.6);
  for (int i = 0; i < 4; ++i) input.history.Add(At(6 + i, {0.3 + 0.01 * i, 0.5}, 100));
  EXPECT_LT(BoxOf(Square().model(), input, 1).sides[0].high, 0.6);
}

TEST(CoarseToFine, SurvivesAnyHistory) {
  const std::vector<SearchSpace> spaces = {
      SpaceOf(ConditionalSpace()), Square(),
      SpaceOf(R"(parameters { name: "x" value { int_value: 3 } })"),
      SpaceOf(R"(parameters { name: "o" type: ORDINAL values { int_value: 3 } })")};
  for (const SearchSpace& space : spaces) {
    for (const int count : {0, 1, 2, 1000}) {
      for (int kind = 0; kind < 4; ++kind) {
        SamplerInput input;
        for (int i = 0; i < count; ++i) {
          const Point point =
              RandomPoint(7, static_cast<uint32_t>(kind == 1 ? 0 : i), space.dimensions());
          const double value = kind == 2   ? 1e308 * (i % 2 == 0 ? 1 : -1)
                               : kind == 3 ? std::nan("")
                                           : 1;
          input.history.Add(At(i, space.model().Canonical(point), value));
        }
        for (const int32_t number : {0, 1, 100, 2147483647}) {
          input.number = number;
          const Point point = *CoarseToFineSampler().SuggestPoint(space, input);
          ASSERT_EQ(point.size(), static_cast<size_t>(space.dimensions()));
          for (const double u : point) ASSERT_TRUE(u >= 0 && u <= 1);
          EXPECT_EQ(point, *CoarseToFineSampler().SuggestPoint(space, input));
        }
      }
    }
  }
}

TEST(CoarseToFine, ComesTenTimesNearerToAnOptimumThanSobolMostTimes) {
  const SearchSpace space = Square();
  int nearer = 0, much_nearer = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Point optimum = RandomPoint(seed + 99, 0, 2);
    CoarseToFineSampler sampler;
    SamplerInput input;
    input.seed = seed;
    input.max_trials = 100;
    double best = 2, sobol = 2;
    for (input.number = 0; input.number < 100; ++input.number) {
      const auto distance = [&](const Point& p) {
        return std::hypot(p[0] - optimum[0], p[1] - optimum[1]);
      };
      const Point point = *sampler.SuggestPoint(space, input);
      best = std::min(best, distance(point));
      sobol = std::min(sobol, distance(SobolPoint(seed, static_cast<uint32_t>(input.number), 2)));
      input.history.Add(At(input.number, point, distance(point)));
    }
    nearer += best < sobol;
    much_nearer += best < sobol / 10;
  }
  EXPECT_GE(nearer, 34);
  EXPECT_GE(much_nearer, 22);
}

}  // namespace
}  // namespace caviar::sampling
