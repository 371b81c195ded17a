#include "server/search_space/search_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

using ::testing::HasSubstr;

TEST(Scale, LinearIsUniformInX) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: -2 max: 6 })");
  EXPECT_EQ(DoubleAt(space, 0), -2);
  EXPECT_EQ(DoubleAt(space, 0.25), 0);
  EXPECT_EQ(DoubleAt(space, 1), 6);
}

TEST(Scale, LogIsUniformInTheLogarithm) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG })");
  EXPECT_EQ(DoubleAt(space, 0), 1e-4);
  EXPECT_NEAR(DoubleAt(space, 1.0 / 3), 1e-3, 1e-15);
  EXPECT_EQ(DoubleAt(space, 1), 0.1);
}

TEST(Scale, OneMinusLogPutsTheMiddleOfNineTenthsAndNineHundredNinetyNineAtNinetyNine) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG })");
  EXPECT_EQ(DoubleAt(space, 0), 0.9);
  EXPECT_NEAR(DoubleAt(space, 0.5), 0.99, 1e-15);
  EXPECT_EQ(DoubleAt(space, 1), 0.999);
}

TEST(Scale, LogitIsSymmetricAroundOneHalf) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0.001 max: 0.999 scale: LOGIT })");
  EXPECT_NEAR(DoubleAt(space, 0.5), 0.5, 1e-15);
  EXPECT_NEAR(DoubleAt(space, 0.2) + DoubleAt(space, 0.8), 1, 1e-14);
  EXPECT_EQ(DoubleAt(space, 0), 0.001);
  EXPECT_EQ(DoubleAt(space, 1), 0.999);
}

TEST(Scale, HugeRangesDoNotOverflow) {
  const SearchSpace linear =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: -1.7e308 max: 1.7e308 })");
  EXPECT_EQ(DoubleAt(linear, 0.5), 0);
  EXPECT_NEAR(DoubleAt(linear, 0.75), 0.85e308, 1e294);
  EXPECT_EQ(DoubleAt(linear, 1), 1.7e308);
  const SearchSpace log =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 1e-300 max: 1e300 scale: LOG })");
  EXPECT_NEAR(DoubleAt(log, 0.5), 1, 1e-12);
  EXPECT_EQ(DoubleAt(log, 0), 1e-300);
  EXPECT_EQ(DoubleAt(log, 1), 1e300);
}

TEST(Scale, ARangeOfTwoNeighbouringNumbersHoldsThoseTwo) {
  for (const auto scale : {v1::Parameter::LINEAR, v1::Parameter::LOG, v1::Parameter::ONE_MINUS_LOG,
                           v1::Parameter::LOGIT}) {
    google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
    v1::Parameter& x = *parameters.Add();
    x.set_name("x");
    x.set_type(v1::Parameter::DOUBLE);
    x.set_scale(scale);
    x.set_min(0.3);
    x.set_max(std::nextafter(0.3, 1.0));
    const SearchSpace space = SearchSpace::Create(parameters).value();
    EXPECT_EQ(DoubleAt(space, 0), x.min());
    EXPECT_EQ(DoubleAt(space, 1), x.max());
    for (double u = 0; u <= 1; u += 1.0 / 64) {
      EXPECT_GE(DoubleAt(space, u), x.min());
      EXPECT_LE(DoubleAt(space, u), x.max());
    }
  }
}

TEST(Coordinates, OutsideOfTheCubeAreClamped) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 3 max: 5 })");
  EXPECT_EQ(DoubleAt(space, -1), 3);
  EXPECT_EQ(DoubleAt(space, 2), 5);
  EXPECT_EQ(DoubleAt(space, std::numeric_limits<double>::quiet_NaN()), 3);
}

TEST(Int, OwnsEqualCellsOnALinearAxis) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 4 })");
  EXPECT_EQ(IntAt(space, 0), 1);
  EXPECT_EQ(IntAt(space, 0.2499), 1);
  EXPECT_EQ(IntAt(space, 0.25), 2);
  EXPECT_EQ(IntAt(space, 0.7499), 3);
  EXPECT_EQ(IntAt(space, 0.75), 4);
  EXPECT_EQ(IntAt(space, 1), 4);
}

TEST(Int, OwnsTheCellBetweenItsHalvesOnALogAxis) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 10 scale: LOG })");
  const double low = std::log(0.5), high = std::log(10.5);
  for (int n = 1; n < 10; ++n) {
    const double edge = (std::log(n + 0.5) - low) / (high - low);
    EXPECT_EQ(IntAt(space, edge - 1e-12), n);
    EXPECT_EQ(IntAt(space, edge + 1e-12), n + 1);
  }
  EXPECT_EQ(IntAt(space, 0), 1);
  EXPECT_EQ(IntAt(space, 1), 10);
}

TEST(Int, MinAndMaxMapToTheMiddleOfTheirCells) {
  const SearchSpace linear = SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 4 })");
  EXPECT_EQ(linear.ToPoint(linear.ToConfiguration({0}))->at(0), 0.125);
  EXPECT_EQ(linear.ToPoint(linear.ToConfiguration({1}))->at(0), 0.875);
  const SearchSpace log =
      SpaceOf(R"(parameters { name: "n" type: INT min: 1 max: 10 scale: LOG })");
  const double width = std::log(10.5) - std::log(0.5);
  EXPECT_NEAR(log.ToPoint(log.ToConfiguration({0}))->at(0), std::log(3) / 2 / width, 1e-14);
  EXPECT_NEAR(log.ToPoint(log.ToConfiguration({1}))->at(0), 1 - std::log(10.5 / 9.5) / 2 / width,
              1e-14);
}

TEST(Int, TheWholeRangeOfWholeNumbersWorks) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "n" type: INT min: -9007199254740992 max: 9007199254740992 })");
  EXPECT_EQ(IntAt(space, 0), -9007199254740992);
  EXPECT_EQ(IntAt(space, 1), 9007199254740992);
  EXPECT_NEAR(static_cast<double>(IntAt(space, 0.5)), 0, 1);
}

TEST(Step, GivesTheGridAndTheLargestValueNotAboveMax) {
  const SearchSpace whole =
      SpaceOf(R"(parameters { name: "n" type: INT min: 10 max: 35 step: 10 })");
  EXPECT_EQ(IntAt(whole, 0), 10);
  EXPECT_EQ(IntAt(whole, 0.5), 20);
  EXPECT_EQ(IntAt(whole, 1), 30);
  const SearchSpace real =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0.1 max: 0.9 step: 0.1 })");
  const double expected[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
  for (int k = 0; k < 9; ++k) EXPECT_EQ(DoubleAt(real, (k + 0.5) / 9), expected[k]);
  EXPECT_EQ(DoubleAt(real, 1), 0.9);
  const SearchSpace short_of =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 step: 0.3 })");
  EXPECT_EQ(DoubleAt(short_of, 1), 0.9);
}

TEST(Step, AValueBetweenTheGridIsRefused) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 step: 0.1 })");
  Configuration configuration;
  configuration["x"].set_double_value(0.1 + 0.2);
  EXPECT_TRUE(space.ToPoint(configuration).ok());
  configuration["x"].set_double_value(0.35);
  EXPECT_FALSE(space.ToPoint(configuration).ok());
}

TEST(Choices, OwnEqualCells) {
  const SearchSpace space = SpaceOf(R"(
      parameters { name: "b" type: BOOL }
      parameters { name: "c" type: CATEGORICAL
                   values { string_value: "x" } values { int_value: 2 } values { bool_value: true } }
      parameters { name: "o" type: ORDINAL values { int_value: 64 } values { int_value: 128 } })");
  Configuration at = space.ToConfiguration({0.4999, 0.34, 0.5});
  EXPECT_FALSE(at["b"].bool_value());
  EXPECT_EQ(at["c"].int_value(), 2);
  EXPECT_EQ(at["o"].int_value(), 128);
  at = space.ToConfiguration({0.5, 1, 0});
  EXPECT_TRUE(at["b"].bool_value());
  EXPECT_EQ(at["c"].kind_case(), v1::Value::kBoolValue);
  EXPECT_EQ(at["o"].int_value(), 64);
  EXPECT_EQ(*space.ToPoint(at), (Point{0.75, 5.0 / 6, 0.25}));
}

const char kConditional[] = R"(
    parameters { name: "rate" type: DOUBLE min: 0 max: 1
                 when { parameter: "momentum" values { double_value: 0.5 } } }
    parameters { name: "momentum" type: ORDINAL values { double_value: 0.5 } values { double_value: 0.9 }
                 when { parameter: "optimizer" values { string_value: "sgd" } } }
    parameters { name: "optimizer" type: CATEGORICAL
                 values { string_value: "sgd" } values { string_value: "adam" } }
    parameters { name: "beta1" value { double_value: 0.9 }
                 when { parameter: "optimizer" values { string_value: "adam" } } }
    parameters { name: "seedling" value { int_value: 7 } })";

TEST(Conditions, DecideWhatIsActiveAlsoThroughParents) {
  const SearchSpace space = SpaceOf(kConditional);
  EXPECT_EQ(space.dimensions(), 3);
  EXPECT_EQ(space.axis(2).name(), "optimizer");
  EXPECT_EQ(space.parameters().size(), 5u);
  const auto names = [&](const Point& point) {
    std::string text;
    for (const auto& [name, value] : space.ToConfiguration(point)) {
      text += name + "=" + vocabulary::FormatValue(value) + " ";
    }
    return text;
  };
  EXPECT_EQ(names({0.25, 0, 0}), "momentum=0.5 optimizer=sgd rate=0.25 seedling=7 ");
  EXPECT_EQ(names({0.25, 1, 0}), "momentum=0.9 optimizer=sgd seedling=7 ");
  EXPECT_EQ(names({0.25, 0, 1}), "beta1=0.9 optimizer=adam seedling=7 ");
}

TEST(Conditions, InactiveAxesMapToTheMiddle) {
  const SearchSpace space = SpaceOf(kConditional);
  EXPECT_EQ(*space.ToPoint(space.ToConfiguration({0.1, 0.1, 0.9})), (Point{0.5, 0.5, 0.75}));
}

TEST(ToPoint, SaysWhatIsWrongWithAConfiguration) {
  const SearchSpace space = SpaceOf(kConditional);
  const Configuration good = space.ToConfiguration({0.25, 0, 0});
  const auto message = [&](Configuration bad) {
    const auto point = space.ToPoint(bad);
    return point.ok() ? "" : std::string(point.status().message());
  };
  Configuration bad = good;
  bad.erase("rate");
  EXPECT_EQ(message(bad), "parameters.rate: is missing");
  bad = good;
  bad["rate"].set_double_value(1.5);
  EXPECT_EQ(message(bad),
            "parameters.rate: 1.5 is not a value it can take, which is a number from 0 to 1");
  bad["rate"].set_double_value(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(message(bad), HasSubstr("nan is not a value"));
  bad["rate"].set_string_value("0.5");
  EXPECT_THAT(message(bad), HasSubstr("parameters.rate"));
  bad = good;
  bad["beta1"].set_double_value(0.9);
  EXPECT_THAT(message(bad), HasSubstr("parameters.beta1: is not active"));
  bad = good;
  bad["unknown"].set_int_value(1);
  EXPECT_THAT(message(bad), HasSubstr("parameters.unknown: the study has no parameter"));
  bad = good;
  bad["seedling"].set_int_value(8);
  EXPECT_THAT(message(bad), HasSubstr("8 is not its fixed value 7"));
  bad = good;
  bad["optimizer"] = v1::Value();
  EXPECT_THAT(message(bad), HasSubstr("parameters.optimizer"));
}

TEST(ToPoint, TakesAWholeNumberForARealOne) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 4 })");
  Configuration configuration;
  configuration["x"].set_int_value(1);
  EXPECT_EQ(*space.ToPoint(configuration), Point{0.25});
}

TEST(SearchSpace, WithFixedParametersAloneHasNoAxis) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" value { int_value: 3 } })");
  EXPECT_EQ(space.dimensions(), 0);
  EXPECT_EQ(space.ToConfiguration({}).at("x").int_value(), 3);
  EXPECT_EQ(*space.ToPoint(space.ToConfiguration({})), Point{});
}

TEST(SearchSpace, AllThatIsWrongWithAConfigurationIsNamedAndNothingThatFollowsFromIt) {
  const SearchSpace space = SpaceOf(R"(
    parameters { name: "optimizer" type: CATEGORICAL values { string_value: "sgd" } }
    parameters { name: "momentum" type: DOUBLE min: 0 max: 1
                 when { parameter: "optimizer" values { string_value: "sgd" } } }
    parameters { name: "rate" type: DOUBLE min: 0 max: 1 }
    parameters { name: "units" type: INT min: 1 max: 9 })");
  Configuration bad;
  bad["momentum"].set_double_value(0.5);
  bad["rate"].set_double_value(2);
  bad["unit"].set_int_value(2);
  const auto detail = error::Detail(space.ToPoint(bad).status());
  ASSERT_TRUE(detail);
  std::vector<std::string> wrong;
  for (const auto& one : detail->field_violations()) wrong.push_back(one.field());
  EXPECT_THAT(wrong, ::testing::UnorderedElementsAre("parameters.optimizer", "parameters.rate",
                                                     "parameters.units", "parameters.unit"));
}

}  // namespace
}  // namespace caviar::search_space
