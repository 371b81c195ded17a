#include "server/search_space/defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caviar/v1/vocabulary.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

// "name=value name=value", by name.
std::string Text(const Configuration& configuration) {
  std::string text;
  for (const auto& [name, value] : configuration) {
    text += (text.empty() ? "" : " ") + name + "=" + vocabulary::FormatValue(value);
  }
  return text;
}

TEST(Defaults, WhatHasNoneIsAtTheMiddleOfItsAxisOrItsFirstValue) {
  const SearchSpace space = SpaceOf(R"(
    parameters { name: "rate" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
    parameters { name: "units" type: INT min: 1 max: 9 default { int_value: 4 } }
    parameters { name: "layers" type: INT min: 1 max: 9 }
    parameters { name: "flag" type: BOOL }
    parameters { name: "word" type: CATEGORICAL values { string_value: "a" } values { string_value: "b" } }
    parameters { name: "size" type: ORDINAL values { int_value: 1 } values { int_value: 2 } values { int_value: 3 } }
    parameters { name: "seed" value { int_value: 7 } })");
  EXPECT_TRUE(HasDefaults(space));
  const Configuration configuration = DefaultConfiguration(space);
  EXPECT_NEAR(configuration.at("rate").double_value(), 1e-2, 1e-15);
  Configuration others = configuration;
  others.erase("rate");
  EXPECT_EQ(Text(others), "flag=false layers=5 seed=7 size=2 units=4 word=a");
  EXPECT_TRUE(space.ToPoint(configuration).ok());
}

TEST(Defaults, AreExactAndOfTheirParametersType) {
  const SearchSpace space = SpaceOf(R"(
    parameters { name: "a" type: DOUBLE min: 1e-7 max: 0.3 scale: LOG default { double_value: 0.1 } }
    parameters { name: "b" type: DOUBLE min: 0 max: 3 default { int_value: 1 } }
    parameters { name: "c" type: INT min: 1 max: 99 default { double_value: 64.0 } }
    parameters { name: "d" type: CATEGORICAL values { double_value: 1 } values { double_value: 2 }
                 default { int_value: 2 } })");
  const Configuration configuration = DefaultConfiguration(space);
  EXPECT_EQ(configuration.at("a").double_value(), 0.1);
  EXPECT_EQ(configuration.at("b").double_value(), 1.0);
  EXPECT_EQ(configuration.at("c").int_value(), 64);
  EXPECT_EQ(configuration.at("d").double_value(), 2.0);
}

constexpr char kConditionalDefaults[] = R"(
    parameters { name: "momentum" type: DOUBLE min: 0 max: 0.9 default { double_value: 0.5 }
                 when { parameter: "optimizer" values { string_value: "sgd" } } }
    parameters { name: "beta" type: DOUBLE min: 0 max: 1 default { double_value: 0.25 }
                 when { parameter: "optimizer" values { string_value: "adam" } } }
    parameters { name: "optimizer" type: CATEGORICAL values { string_value: "sgd" }
                 values { string_value: "adam" } default { string_value: "adam" } })";

TEST(Defaults, OfInactiveParametersStayAway) {
  EXPECT_EQ(Text(DefaultConfiguration(SpaceOf(kConditionalDefaults))), "beta=0.25 optimizer=adam");
}

TEST(Defaults, CompleteWhatAPersonWrote) {
  const SearchSpace space = SpaceOf(kConditionalDefaults);
  Configuration configuration;
  Complete(space, configuration);
  EXPECT_EQ(Text(configuration), "beta=0.25 optimizer=adam");
  configuration.clear();
  configuration["optimizer"].set_string_value("sgd");
  Complete(space, configuration);
  EXPECT_EQ(Text(configuration), "momentum=0.5 optimizer=sgd");
}

TEST(Defaults, ThereAreNoneWithoutOne) {
  EXPECT_FALSE(HasDefaults(SpaceOf("parameters { name: \"x\" type: INT min: 1 max: 2 }")));
}

}  // namespace
}  // namespace caviar::search_space
