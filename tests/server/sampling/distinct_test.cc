#include "server/sampling/distinct.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "server/sampling/random_sampler.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

Observation At(Point point) {
  Observation observation;
  observation.point = std::move(point);
  return observation;
}

// Asks until nothing is left, always for the same point; every second trial stays pending.
std::set<std::string> ExhaustAt(const SearchSpace& space, const Point& point, int most) {
  std::set<std::string> seen;
  SamplerInput input;
  input.seed = 5;
  for (input.number = 0; input.number <= most; ++input.number) {
    const auto found = Distinct(space.model(), input, point);
    if (!found) return seen;
    const auto configuration = space.ToConfiguration(*found);
    EXPECT_TRUE(seen.insert(TextOf(configuration)).second) << TextOf(configuration);
    const Point tried = space.ToPoint(configuration).value();
    if (input.number % 2 == 0) {
      input.history.Add(At(tried));
    } else {
      input.pending.push_back({tried, {}});
    }
  }
  ADD_FAILURE() << "more than " << most;
  return seen;
}

TEST(Distinct, GoesThroughAFiniteSpaceWithConditionsWithoutARepeat) {
  const SearchSpace space = SpaceOf(ConditionalSpace());
  ASSERT_EQ(space.model().configurations(), 19);
  for (const Point& point : {Point{0, 0, 0, 0}, Point{1, 1, 1, 1}, Point{0.7, 0.3, 0.5, 0.2}}) {
    EXPECT_EQ(ExhaustAt(space, point, 20).size(), 19u);
  }
}

TEST(Distinct, GoesThroughManyWholeNumbers) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 300 scale: LOG })");
  EXPECT_EQ(ExhaustAt(space, {0.9}, 301).size(), 300u);
}

TEST(Distinct, FindsTheLastValueOfAnAxisThatIsNotListedByTheModel) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 5000 })");
  SamplerInput input;
  for (int n = 1; n <= 5000; ++n) {
    if (n == 4321) continue;
    search_space::Configuration configuration;
    configuration["n"].set_int_value(n);
    input.history.Add(At(space.ToPoint(configuration).value()));
  }
  const auto last = Distinct(space.model(), input, {0.1});
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(space.ToConfiguration(*last).at("n").int_value(), 4321);
  input.history.Add(At(*last));
  EXPECT_FALSE(Distinct(space.model(), input, {0.1}).has_value());
}

TEST(Distinct, LeavesWhatWasNotTriedAsItIs) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
                                       parameters { name: "n" type: INT min: 1 max: 9 })");
  for (uint32_t number = 0; number < 200; ++number) {
    const Point point = RandomPoint(1, number, 2);
    const auto found = Distinct(space.model(), {}, point);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(TextOf(space.ToConfiguration(*found)), TextOf(space.ToConfiguration(point)));
  }
}

TEST(Distinct, StaysNearThePointThatWasTried) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 }
                                       parameters { name: "n" type: INT min: 1 max: 1000 })");
  for (int32_t number = 0; number < 200; ++number) {
    const Point point = RandomPoint(2, static_cast<uint32_t>(number), 2);
    SamplerInput input;
    input.number = number;
    input.history.Add(At(space.ToPoint(space.ToConfiguration(point)).value()));
    const auto found = Distinct(space.model(), input, point);
    ASSERT_TRUE(found.has_value());
    EXPECT_NE(TextOf(space.ToConfiguration(*found)), TextOf(space.ToConfiguration(point)));
    for (size_t i = 0; i < 2; ++i) EXPECT_NEAR((*found)[i], point[i], 0.0511);
  }
}

TEST(Distinct, KnowsARealNumberAgainInARangeOfFewDoubles) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 1e9 max: 1000000000.001 })");
  for (const double u : {0.1, 0.3, 0.77}) {
    SamplerInput input;
    input.history.Add(At(space.ToPoint(space.ToConfiguration({u})).value()));
    const auto found = Distinct(space.model(), input, {u});
    ASSERT_TRUE(found.has_value());
    EXPECT_NE(TextOf(space.ToConfiguration(*found)), TextOf(space.ToConfiguration({u})));
  }
}

TEST(Distinct, IsAFunctionOfItsInput) {
  const SearchSpace space = SpaceOf(ConditionalSpace());
  SamplerInput input;
  input.number = 3;
  for (int i = 0; i < 8; ++i) {
    input.history.Add(At(Distinct(space.model(), input, {0.9, 0.4, 0.5, 0.9}).value()));
  }
  const auto once = Distinct(space.model(), input, {0.9, 0.4, 0.5, 0.9});
  EXPECT_EQ(once, Distinct(space.model(), input, {0.9, 0.4, 0.5, 0.9}));
}

TEST(Distinct, RepeatsTheOnlyConfigurationOfASpaceWithoutAxes) {
  const SearchSpace fixed = SpaceOf(R"(parameters { name: "x" value { int_value: 3 } })");
  SamplerInput input;
  EXPECT_TRUE(Distinct(fixed.model(), input, {}).has_value());
  input.history.Add(At({}));
  EXPECT_TRUE(Distinct(fixed.model(), input, {}).has_value());
}

TEST(Distinct, SurvivesPointsThatAreNone) {
  const SearchSpace space = SpaceOf(ConditionalSpace());
  SamplerInput input;
  input.history.Add(At({0.5, 0.5, 0.5, 0.5}));
  EXPECT_TRUE(Distinct(space.model(), input, Point(4, std::nan(""))).has_value());
  EXPECT_TRUE(Distinct(space.model(), input, Point(4, 1e300)).has_value());
}

}  // namespace
}  // namespace caviar::sampling
