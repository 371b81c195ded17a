#include "server/search_space/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/server/search_space/any_space.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

// Values of the only parameter, x, that a grid takes.
std::vector<double> ValuesOfX(const std::string& text) {
  const SearchSpace space = SpaceOf("parameters { name: 'x' " + text + " }");
  std::vector<double> values;
  const Grid grid(space);
  for (const double coordinate : grid.coordinates(0)) {
    const v1::Value value = space.ToConfiguration({coordinate}).at("x");
    values.push_back(value.has_int_value() ? static_cast<double>(value.int_value())
                                           : value.double_value());
  }
  return values;
}

TEST(Grid, SpacesValuesEvenlyOnTheScaleWithBothEnds) {
  EXPECT_THAT(ValuesOfX("type: DOUBLE min: 0 max: 8"), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(ValuesOfX("type: DOUBLE min: 0 max: 8 grid: 3"), ElementsAre(0, 4, 8));
  EXPECT_THAT(ValuesOfX("type: DOUBLE min: 1e-4 max: 1 scale: LOG"),
              Pointwise(DoubleNear(1e-12), std::vector<double>{1e-4, 1e-3, 1e-2, 1e-1, 1}));
  EXPECT_THAT(ValuesOfX("type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG grid: 3"),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0.9, 0.99, 0.999}));
  EXPECT_THAT(ValuesOfX("type: DOUBLE min: 2 max: 4 grid: 1"), ElementsAre(3));
}

TEST(Grid, TakesAllValuesWhereThereAreFewAndFiveWhereThereAreMany) {
  EXPECT_THAT(ValuesOfX("type: INT min: 1 max: 4"), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(ValuesOfX("type: INT min: 1 max: 10").size(), 10u);
  EXPECT_THAT(ValuesOfX("type: INT min: 0 max: 100"), ElementsAre(0, 25, 50, 75, 100));
  EXPECT_THAT(ValuesOfX("type: INT min: 1 max: 4 grid: 9"), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(ValuesOfX("type: DOUBLE min: 0 max: 1 step: 0.1 grid: 3"),
            (std::vector<double>{0, 0.5, 1}));
  EXPECT_THAT(
      ValuesOfX("type: ORDINAL grid: 3 values { int_value: 1 } values { int_value: 2 } "
                "values { int_value: 3 } values { int_value: 4 } values { int_value: 100 }"),
      ElementsAre(1, 4, 100));
}

TEST(Grid, TakesNoWholeNumberTwice) {
  for (const int count : {2, 5, 50, 100, 999}) {
    for (const char* range : {"min: 1 max: 1000", "min: 1 max: 1000000"}) {
      const auto values =
          ValuesOfX("type: INT scale: LOG grid: " + std::to_string(count) + " " + range);
      ASSERT_EQ(values.size(), static_cast<size_t>(count));
      EXPECT_EQ(values.front(), 1);
      EXPECT_GE(values.back(), 1000);
      EXPECT_EQ(std::set<double>(values.begin(), values.end()).size(), values.size());
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    }
  }
}

TEST(Grid, TakesAllCategories) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "b" type: BOOL }
      parameters { name: "c" type: CATEGORICAL values { int_value: 1 } values { int_value: 2 }
                   values { int_value: 3 } })");
  EXPECT_EQ(Grid(space).size(), 6);
}

TEST(Grid, GivesEachConfigurationOneIndex) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpaceOf(5, [](const std::string& name) {
      v1::Parameter p = AnyParameter(name);
      const bool listed = p.type() == v1::Parameter::BOOL || p.type() == v1::Parameter::CATEGORICAL;
      if (!listed) p.set_grid(*rc::gen::inRange(1, 4));
      while (p.values_size() > 4) p.mutable_values()->RemoveLast();
      return p;
    });
    const Grid grid(space);
    RC_PRE(grid.is_counted());
    std::set<Point> points;
    for (uint64_t i = 0; i < static_cast<uint64_t>(grid.size()); ++i) {
      const Point point = grid.At(i);
      RC_ASSERT(points.insert(point).second);
      RC_ASSERT(point == space.ToPoint(space.ToConfiguration(point)).value());
    }
    // And leaves none out.
    for (int i = 0; i < 50; ++i) {
      RC_ASSERT(points.count(grid.Draw([](int) { return Unit() * 0.999; })) == 1);
    }
  }));
}

TEST(Grid, ThatIsTooLargeIsNotCounted) {
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += "parameters { name: 'x" + std::to_string(i) + "' type: DOUBLE min: 0 max: 1 grid: 9 }";
  }
  const Grid grid(SpaceOf(text));
  EXPECT_FALSE(grid.is_counted());
  EXPECT_NEAR(std::log(grid.size()), 30 * std::log(9), 1e-9);
  EXPECT_EQ(grid.Draw([](int) { return 0.999; }), Point(30, 1));
}

TEST(Grid, OfFixedParametersIsOneConfiguration) {
  const Grid grid(SpaceOf(R"(parameters { name: "x" value { int_value: 1 } })"));
  EXPECT_EQ(grid.size(), 1);
  EXPECT_TRUE(grid.At(0).empty());
}

TEST(ExpectedValues, AreThoseOfASimulation) {
  for (const char* text : {"type: INT min: 1 max: 50 scale: LOG", "type: INT min: 1 max: 50",
                           "type: INT min: 1 max: 20000 scale: LOG",
                           "type: DOUBLE min: 0 max: 1 step: 0.1", "type: BOOL"}) {
    const SearchSpace space = SpaceOf(std::string("parameters { name: 'x' ") + text + " }");
    constexpr int kRuns = 400, kDraws = 60;
    uint64_t state = 1;
    double sum = 0;
    for (int run = 0; run < kRuns; ++run) {
      std::set<double> seen;
      for (int i = 0; i < kDraws; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        seen.insert(space.model().Canonical({static_cast<double>(state >> 11) * 0x1p-53})[0]);
      }
      sum += static_cast<double>(seen.size());
    }
    EXPECT_NEAR(sum / kRuns, ExpectedValues(space.axis(0), kDraws), 0.4) << text;
    EXPECT_EQ(ExpectedValues(space.axis(0), 0), 0) << text;
  }
}

}  // namespace
}  // namespace caviar::search_space
