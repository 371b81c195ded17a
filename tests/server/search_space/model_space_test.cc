#include "server/search_space/model_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "server/search_space/search_space.h"
#include "tests/server/search_space/any_space.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

// A number with few values, a bool or a choice.
v1::Parameter SmallParameter(const std::string& name) {
  v1::Parameter p;
  p.set_name(name);
  const int count = *rc::gen::inRange(1, 5);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      p.set_type(v1::Parameter::INT);
      p.set_min(1);
      p.set_max(1 + count);
      if (OneIn(2)) p.set_scale(v1::Parameter::LOG);
      break;
    case 1:
      p.set_type(v1::Parameter::BOOL);
      break;
    default:
      p.set_type(OneIn(2) ? v1::Parameter::CATEGORICAL : v1::Parameter::ORDINAL);
      for (int i = 0; i < count; ++i) p.add_values()->set_int_value(i * i);
  }
  return p;
}

SearchSpace SmallSpace() { return AnySpaceOf(6, SmallParameter); }

const ModelAxis& AxisOf(const SearchSpace& space) { return space.model().axis(0); }

TEST(ModelSpace, AModelsPointGivesTheSameConfiguration) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpace();
    const ModelSpace& model = space.model();
    const Point point = AnyPoint(space.dimensions());
    const std::string text = TextOf(space.ToConfiguration(point));
    RC_ASSERT(TextOf(space.ToConfiguration(model.ToPoint(model.ToModel(point)))) == text);
    RC_ASSERT(TextOf(space.ToConfiguration(model.Canonical(point))) == text);
  }));
}

TEST(ModelSpace, ACanonicalPointIsTheOneThatItsConfigurationMapsTo) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpace();
    const Point point = AnyPoint(space.dimensions());
    const Point canonical = space.model().Canonical(point);
    RC_ASSERT(canonical == space.ToPoint(space.ToConfiguration(point)).value());
    RC_ASSERT(canonical == space.model().Canonical(canonical));
  }));
}

TEST(ModelSpace, WhatIsRoundedStaysAsItIs) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpace();
    const ModelSpace& model = space.model();
    ModelPoint any = AnyPoint(space.dimensions());
    for (int i = 0; i < space.dimensions(); ++i) {
      if (model.axis(i).kind == ModelAxis::Kind::kCategorical) {
        any[static_cast<size_t>(i)] = *rc::gen::inRange(0, model.axis(i).categories);
      }
    }
    const Point point = model.ToPoint(any);
    RC_ASSERT(model.ToPoint(model.ToModel(point)) == point);
  }));
}

TEST(ModelSpace, AnAxisIsActiveWhereTheConfigurationHasItsParameter) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpace();
    const Point point = AnyPoint(space.dimensions());
    const Configuration configuration = space.ToConfiguration(point);
    const std::vector<bool> active = space.model().Active(point);
    const ModelPoint model = space.model().ToModel(point);
    for (int i = 0; i < space.dimensions(); ++i) {
      const auto k = static_cast<size_t>(i);
      RC_ASSERT(active[k] == (configuration.count(space.axis(i).name()) == 1));
      RC_ASSERT(std::isnan(model[k]) == !active[k]);
      if (!active[k]) continue;
      RC_ASSERT(model[k] >= 0);
      const ModelAxis& axis = space.model().axis(i);
      RC_ASSERT((axis.kind == ModelAxis::Kind::kCategorical ? model[k] < axis.categories
                                                            : model[k] <= 1));
    }
  }));
}

TEST(ModelSpace, CountsTheConfigurationsThatFindGoesThrough) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = SmallSpace();
    std::set<std::string> found;
    double steps = 0;
    const auto none = space.model().Find([&](const Point& point) {
      found.insert(TextOf(space.ToConfiguration(point)));
      RC_ASSERT(space.model().Canonical(point) == point);
      ++steps;
      return false;
    });
    RC_ASSERT(!none);
    RC_ASSERT(steps == static_cast<double>(found.size()));
    RC_ASSERT(steps == space.model().configurations());
    // Nothing is left out: no point gives another configuration.
    for (int i = 0; i < 20; ++i) {
      const Point any = AnyPoint(space.dimensions());
      RC_ASSERT(found.count(TextOf(space.ToConfiguration(any))) == 1);
    }
  }));
}

TEST(ModelSpace, CountsManyValuesWithoutGoingThroughThem) {
  const SearchSpace space = SpaceOf(R"(
      parameters { name: "n" type: INT min: 1 max: 1000000000 }
      parameters { name: "m" type: INT min: 1 max: 1000 when { parameter: "n" values { int_value: 5 }
                   values { int_value: 1 } } }
      parameters { name: "c" type: BOOL when { parameter: "m" values { int_value: 7 } } })");
  EXPECT_EQ(space.model().configurations(), 1e9 - 2 + 2 * (999 + 2));
}

TEST(ModelSpace, HasEndlesslyManyConfigurationsWhereARealAxisMayBeActive) {
  EXPECT_EQ(
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })").model().configurations(),
      std::numeric_limits<double>::infinity());
  const SearchSpace never = SpaceOf(R"(
      parameters { name: "f" value { int_value: 1 } }
      parameters { name: "g" value { int_value: 1 } when { parameter: "h" values { int_value: 1 } } }
      parameters { name: "h" type: ORDINAL values { int_value: 1 } values { int_value: 2 } }
      parameters { name: "x" type: DOUBLE min: 0 max: 1 when { parameter: "g" values { int_value: 1 } }
                   when { parameter: "h" values { int_value: 2 } } })");
  EXPECT_EQ(never.model().configurations(), 2);
}

TEST(ModelSpace, WithoutAxesThereIsOneConfiguration) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" value { int_value: 1 } })");
  EXPECT_EQ(space.model().configurations(), 1);
  EXPECT_TRUE(space.model().Find([](const Point&) { return true; }).has_value());
  EXPECT_TRUE(space.model().ToModel({}).empty());
}

TEST(ModelSpace, ManyWholeNumbersKeepTheirCells) {
  // More than kMaxPlaces: an axis like a real one, but rounded.
  const SearchSpace space = SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 10000 }
      parameters { name: "c" type: BOOL when { parameter: "n" values { int_value: 5000 } } })");
  const ModelSpace& model = space.model();
  EXPECT_EQ(model.axis(0).kind, ModelAxis::Kind::kReal);
  EXPECT_EQ(model.axis(0).values, 10000);
  const double u = 0.49991;  // in the cell of 5000, off its middle
  EXPECT_EQ(model.ToModel({u, 0.5})[0], model.ToModel({0.49999, 0.5})[0]);
  EXPECT_TRUE(model.Active({u, 0.5})[1]);
  EXPECT_FALSE(model.Active({0.5001, 0.5})[1]);
  EXPECT_EQ(model.configurations(), 10001);
  int steps = 0;
  EXPECT_FALSE(model.Find([&](const Point&) { return ++steps > 10001; }).has_value());
  EXPECT_EQ(steps, 10001);
}

TEST(ModelSpace, NumericOrdinalsLieWhereTheirNumbersDo) {
  const auto places = [](const std::string& rest) {
    return AxisOf(SpaceOf("parameters { name: 'x' type: ORDINAL " + rest + " }")).places;
  };
  const auto near = [](const std::vector<double>& want) {
    return Pointwise(DoubleNear(1e-15), want);
  };
  EXPECT_THAT(places("values { int_value: 0 } values { int_value: 1 } values { int_value: 4 }"),
              near({0, 0.25, 1}));
  EXPECT_THAT(places("values { int_value: 4 } values { double_value: 1 } values { int_value: 0 }"),
              near({0, 0.75, 1}));
  EXPECT_THAT(places("scale: LOG values { int_value: 1 } values { int_value: 10 } "
                     "values { int_value: 10000 }"),
              near({0, 0.25, 1}));
  EXPECT_THAT(places("scale: ONE_MINUS_LOG values { double_value: 0.9 } "
                     "values { double_value: 0.99 } values { double_value: 0.999 }"),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0, 0.5, 1}));
}

TEST(ModelSpace, OtherOrdinalsLieByRank) {
  const auto places = [](const std::string& rest) {
    return AxisOf(SpaceOf("parameters { name: 'x' type: ORDINAL " + rest + " }")).places;
  };
  EXPECT_THAT(places("values { string_value: 'a' } values { int_value: 9 }"),
              ElementsAre(0.25, 0.75));
  EXPECT_THAT(places("values { int_value: 0 } values { int_value: 5 } values { int_value: 1 } "
                     "values { int_value: 2 }"),
              ElementsAre(0.125, 0.375, 0.625, 0.875));
  EXPECT_THAT(places("values { int_value: 3 }"), ElementsAre(0.5));
  // Beside 1e300 nothing tells 0 and 1 apart.
  EXPECT_THAT(places("values { double_value: 0 } values { double_value: 1e-300 } "
                     "values { double_value: 1e300 } values { double_value: 1.1e300 }"),
              ElementsAre(0.125, 0.375, 0.625, 0.875));
  // Wider than a double.
  EXPECT_THAT(places("values { double_value: -1.7e308 } values { double_value: 0 } "
                     "values { double_value: 1.7e308 }"),
              ElementsAre(0, 0.5, 1));
}

TEST(ModelSpace, WholeNumbersLieOnTheirScale) {
  const ModelAxis log =
      AxisOf(SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 100 scale: LOG })"));
  ASSERT_EQ(log.places.size(), 100u);
  const auto place = [](int n) {
    return (std::log(n - 0.5) / 2 + std::log(n + 0.5) / 2 - std::log(0.5)) / std::log(100.5 / 0.5);
  };
  for (const int n : {1, 2, 10, 100}) {
    EXPECT_NEAR(log.places[static_cast<size_t>(n - 1)], place(n), 1e-12) << n;
  }
  const ModelAxis linear =
      AxisOf(SpaceOf(R"(parameters { name: "n" type: INT min: 0 max: 8 step: 2 })"));
  EXPECT_THAT(linear.places,
              Pointwise(DoubleNear(1e-15), std::vector<double>{0.1, 0.3, 0.5, 0.7, 0.9}));
}

TEST(ModelSpace, ModelsCoordinatesOfAnySizeAreRounded) {
  const SearchSpace space = SpaceOf(R"(
      parameters { name: "x" type: DOUBLE min: 0 max: 1 }
      parameters { name: "n" type: INT min: 1 max: 4 }
      parameters { name: "c" type: CATEGORICAL values { int_value: 1 } values { int_value: 2 }
                   values { int_value: 3 } })");
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const ModelSpace& model = space.model();
  EXPECT_THAT(model.ToModel(model.ToPoint({nan, nan, nan})), ElementsAre(0, 0.125, 0));
  EXPECT_THAT(model.ToModel(model.ToPoint({inf, inf, inf})), ElementsAre(1, 0.875, 2));
  EXPECT_THAT(model.ToModel(model.ToPoint({-inf, -1e300, -3})), ElementsAre(0, 0.125, 0));
  EXPECT_THAT(model.ToModel(model.ToPoint({0.3, 0.4, 1.4})), ElementsAre(0.3, 0.375, 1));
}

}  // namespace
}  // namespace caviar::search_space
