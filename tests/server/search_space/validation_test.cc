#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "caviar/v1/error_detail.h"
#include "server/search_space/search_space.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "field: description" of the only violation.
std::string Only(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters) {
  const auto violations = Validate(parameters);
  if (violations.size() != 1) return std::to_string(violations.size()) + " violations";
  return violations[0].field() + ": " + violations[0].description();
}
std::string Only(const std::string& text) { return Only(ParametersOf(text)); }
// Of a space with one parameter x.
std::string OnlyOfX(const std::string& text) {
  return Only("parameters { name: \"x\" " + text + "}");
}

TEST(Validate, ADefaultIsAValueThatTheParameterCanTake) {
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 default { int_value: 2 }"),
            "parameters.x.default: 2 is not a value it can take, which is a number from 0 to 1");
  EXPECT_EQ(OnlyOfX("type: INT min: 1 max: 9 default { double_value: 2.5 }"),
            "parameters.x.default: 2.5 is not a value it can take, which is a whole number from 1 "
            "to 9");
  EXPECT_EQ(OnlyOfX("type: INT min: 1 max: 9 step: 2 default { int_value: 4 }"),
            "parameters.x.default: 4 is not a value it can take, which is a whole number from 1 to "
            "9 in steps of 2");
  EXPECT_EQ(OnlyOfX("type: BOOL default { int_value: 1 }"),
            "parameters.x.default: 1 is not a value it can take, which is false or true");
  EXPECT_EQ(OnlyOfX("type: CATEGORICAL values { string_value: \"a\" } default { string_value: "
                    "\"b\" }"),
            "parameters.x.default: b is not a value it can take, which is one of a");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 default { double_value: nan }"),
            "parameters.x.default: nan is not a finite number");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 default {}"),
            "parameters.x.default: a value is missing");
  EXPECT_EQ(OnlyOfX("value { int_value: 3 } default { int_value: 3 }"),
            "parameters.x.default: has no place beside value, which fixes the parameter");
  for (const char* good :
       {"type: DOUBLE min: 0 max: 1 default { int_value: 1 }",
        "type: INT min: 1 max: 9 default { double_value: 4 }",
        "type: CATEGORICAL values { string_value: \"256,128\" } default { string_value: "
        "\"256,128\" }"}) {
    EXPECT_EQ(OnlyOfX(good), "0 violations") << good;
  }
}

TEST(Validate, NumbersNeedTheirBounds) {
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 1"), "parameters.x.max: is missing");
  EXPECT_EQ(OnlyOfX("type: INT max: 1"), "parameters.x.min: is missing");
  EXPECT_THAT(Validate(ParametersOf(R"(parameters { name: "x" type: INT })")), SizeIs(2));
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 2 max: 1"), "parameters.x.max: 1 is below min 2");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 2 max: 2"),
            "parameters.x.max: 2 is also min; to fix the parameter write value: 2");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: nan max: 2"),
            "parameters.x.min: nan is not a finite number");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 1 max: inf"),
            "parameters.x.max: inf is not a finite number");
  EXPECT_EQ(OnlyOfX("type: INT min: 1 max: 2.5"),
            "parameters.x.max: 2.5 is not whole; use whole numbers or type double");
  EXPECT_THAT(OnlyOfX("type: INT min: 1 max: 1e16"), HasSubstr("1e16 is too large"));
}

TEST(Validate, ScalesNeedTheRangeThatTheyAreDefinedOn) {
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 scale: LOG"),
            "parameters.x.min: 0 does not fit: on scale log, min is above 0");
  EXPECT_EQ(OnlyOfX("type: INT min: 0 max: 9 scale: LOG"),
            "parameters.x.min: 0 does not fit: an int on scale log starts at 1 or above");
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 scale: ONE_MINUS_LOG"),
            "parameters.x.max: 1 does not fit: on scale one_minus_log, max is below 1");
  EXPECT_THAT(
      Validate(ParametersOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 scale: LOGIT })")),
      SizeIs(2));
  EXPECT_EQ(OnlyOfX("type: INT min: 1 max: 9 scale: LOGIT"),
            "parameters.x.scale: logit does not fit an int: linear or log");
  EXPECT_EQ(OnlyOfX("type: INT min: -5 max: 0 scale: ONE_MINUS_LOG"),
            "parameters.x.scale: one_minus_log does not fit an int: linear or log");
  auto parameters = ParametersOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })");
  parameters[0].set_scale(static_cast<v1::Parameter::Scale>(99));
  EXPECT_EQ(Only(parameters),
            "parameters.x.scale: is unknown: linear, log, one_minus_log or logit");
}

TEST(Validate, StepsFitTheRange) {
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 step: 0"),
              HasSubstr("x.step: 0 is not a number above 0"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 step: -1"), HasSubstr("above 0"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 step: nan"), HasSubstr("above 0"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 step: 2"), HasSubstr("larger than the range"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 step: 1e-300"), HasSubstr("too small"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: -1.7e308 max: 1.7e308 step: 1"), HasSubstr("too small"));
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 1e17 max: 1.1e17 step: 3"), HasSubstr("lost in rounding"));
  EXPECT_THAT(OnlyOfX("type: INT min: 0 max: 9 step: 1.5"), HasSubstr("1.5 is not whole"));
  EXPECT_THAT(OnlyOfX("type: INT min: 0 max: 9 step: 1e300"), HasSubstr("larger than the range"));
  EXPECT_THAT(OnlyOfX("type: INT min: 1 max: 9 step: 2 scale: LOG"),
              HasSubstr("fits scale linear only"));
}

TEST(Validate, ChoicesNeedDistinctValues) {
  EXPECT_THAT(OnlyOfX("type: CATEGORICAL"), HasSubstr("x.values: is missing"));
  EXPECT_EQ(OnlyOfX(R"(type: ORDINAL values { string_value: "a" } values { string_value: "a" })"),
            "parameters.x.values: a is there twice");
  EXPECT_EQ(OnlyOfX(R"(type: ORDINAL values { int_value: 1 } values { double_value: 1 })"),
            "parameters.x.values: 1 is there twice");
  EXPECT_THAT(Validate(ParametersOf(R"(parameters { name: "x" type: CATEGORICAL
                  values { int_value: 1 } values { string_value: "1" } values { bool_value: true } })")),
              IsEmpty());
  auto parameters = ParametersOf(R"(parameters { name: "x" type: ORDINAL })");
  for (int i = 0; i <= 1000; ++i) parameters[0].add_values()->set_int_value(i);
  EXPECT_EQ(Only(parameters), "parameters.x.values: 1001 values are too many; at most 1000");
}

TEST(Validate, OrdinalsMayHaveAScaleWhereTheirNumbersFitIt) {
  const auto x = [](const std::string& scale, const std::string& values) {
    return OnlyOfX("type: ORDINAL scale: " + scale + " " + values);
  };
  const std::string good = "values { double_value: 0.9 } values { double_value: 0.99 }";
  for (const char* scale : {"LINEAR", "LOG", "ONE_MINUS_LOG", "LOGIT"}) {
    EXPECT_EQ(x(scale, good), "0 violations") << scale;
  }
  EXPECT_EQ(x("LOG", "values { int_value: 64 } values { int_value: 32 }"), "0 violations");
  EXPECT_EQ(x("LOG", "values { int_value: 0 } values { int_value: 32 }"),
            "parameters.x.values: 0 does not fit: on scale log, values are above 0");
  EXPECT_EQ(x("ONE_MINUS_LOG", "values { int_value: 0 } values { int_value: 1 }"),
            "parameters.x.values: 1 does not fit: on scale one_minus_log, values are below 1");
  EXPECT_EQ(x("LOG", "values { int_value: 1 } values { string_value: 'a' }"),
            "parameters.x.scale: fits numbers only, and a is none");
  EXPECT_EQ(x("LOG", "values { int_value: 1 } values { int_value: 3 } values { int_value: 2 }"),
            "parameters.x.values: neither grow nor fall; on a scale they do");
  auto parameters =
      ParametersOf(R"(parameters { name: "x" type: ORDINAL values { int_value: 1 } })");
  parameters[0].set_scale(static_cast<v1::Parameter::Scale>(99));
  EXPECT_THAT(Only(parameters), HasSubstr("parameters.x.scale: is unknown"));
}

TEST(Validate, AGridTakesSomeOfManyValues) {
  EXPECT_EQ(OnlyOfX("type: DOUBLE min: 0 max: 1 grid: 1000"), "0 violations");
  EXPECT_EQ(OnlyOfX("type: INT min: 0 max: 9 grid: 0"),
            "parameters.x.grid: 0 is out of range; from 1 to 1000");
  EXPECT_THAT(OnlyOfX("type: ORDINAL values { int_value: 1 } grid: 1001"),
              HasSubstr("1001 is out"));
  EXPECT_THAT(OnlyOfX("type: BOOL grid: 2"), HasSubstr("parameters.x.grid: has no place"));
  EXPECT_THAT(OnlyOfX("value { int_value: 1 } grid: 2"), HasSubstr("has no place beside value"));
}

TEST(Validate, ValuesMustSurviveEveryFormat) {
  EXPECT_THAT(OnlyOfX("value { double_value: inf }"), HasSubstr("x.value: inf is not a finite"));
  EXPECT_THAT(OnlyOfX("value { int_value: 9007199254740993 }"), HasSubstr("too large"));
  EXPECT_THAT(OnlyOfX("value { int_value: -9223372036854775808 }"), HasSubstr("too large"));
  EXPECT_THAT(OnlyOfX("value { string_value: '' }"), HasSubstr("empty"));
  EXPECT_THAT(OnlyOfX("value { }"), HasSubstr("a value is missing"));
  EXPECT_THAT(OnlyOfX("value { string_value: '" + std::string(257, 'a') + "' }"),
              HasSubstr("too long"));
  auto parameters = ParametersOf(R"(parameters { name: "x" value { int_value: 1 } })");
  parameters[0].mutable_value()->set_string_value("\xff");
  EXPECT_EQ(Only(parameters), "parameters.x.value: \"\\xff\" is not UTF-8");
}

TEST(Validate, FieldsThatDoNotBelongAreNamed) {
  EXPECT_THAT(OnlyOfX("type: DOUBLE min: 0 max: 1 values { int_value: 1 }"),
              HasSubstr("parameters.x.values"));
  EXPECT_THAT(OnlyOfX("type: BOOL min: 0"), HasSubstr("parameters.x.min: has no place in a bool"));
  EXPECT_THAT(OnlyOfX("type: BOOL values { bool_value: true }"), HasSubstr("parameters.x.values"));
  EXPECT_THAT(OnlyOfX("type: CATEGORICAL values { int_value: 1 } scale: LOG"),
              HasSubstr("x.scale: has no place"));
  EXPECT_THAT(OnlyOfX("type: ORDINAL values { int_value: 1 } step: 1"),
              HasSubstr("x.step: has no place"));
  EXPECT_THAT(OnlyOfX("min: 1 value { int_value: 1 }"),
              HasSubstr("x.min: has no place beside value"));
  EXPECT_THAT(
      Validate(ParametersOf(R"(parameters { name: "x" value { int_value: 1 } type: INT min: 1
                  max: 2 scale: LOG step: 1 values { int_value: 1 } })")),
      SizeIs(6));
  EXPECT_THAT(OnlyOfX("min: 1 max: 2"), HasSubstr("x.type: is missing"));
}

TEST(Validate, NamesAreNames) {
  for (const char* good : {"a", "_", "learning_rate", "a.b-c", "A9"}) {
    auto parameters = ParametersOf(R"(parameters { value { int_value: 1 } })");
    parameters[0].set_name(good);
    EXPECT_THAT(Validate(parameters), IsEmpty()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("9a"), std::string("-a"), std::string("a b"), std::string("a\n"),
        std::string("\xff"), std::string("é"), std::string("a\0b", 3), std::string(129, 'a')}) {
    auto parameters = ParametersOf(R"(parameters { value { int_value: 1 } })");
    parameters[0].set_name(bad);
    EXPECT_THAT(Only(parameters), HasSubstr("parameters[0].name: ")) << bad;
  }
  EXPECT_EQ(Only(R"(parameters { name: "x" type: BOOL } parameters { name: "x" type: BOOL })"),
            "parameters.x: the name x is there twice");
}

TEST(Validate, ASpaceHasOneTo256Parameters) {
  EXPECT_THAT(Only(""), HasSubstr("parameters: no parameter"));
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  for (int i = 0; i < 256; ++i) {
    v1::Parameter& parameter = *parameters.Add();
    parameter.set_name("p" + std::to_string(i));
    parameter.set_type(v1::Parameter::BOOL);
  }
  EXPECT_THAT(Validate(parameters), IsEmpty());
  *parameters.Add() = parameters[0];
  EXPECT_THAT(Only(parameters), HasSubstr("257 parameters are too many"));
}

std::string OnlyOfWhen(const std::string& when) {
  return Only(R"(parameters { name: "flag" type: BOOL }
                 parameters { name: "count" type: INT min: 1 max: 9 step: 2 }
                 parameters { name: "real" type: DOUBLE min: 1 max: 9 }
                 parameters { name: "choice" type: CATEGORICAL
                              values { string_value: "a" } values { string_value: "b" } }
                 parameters { name: "fixed" value { int_value: 3 } }
                 parameters { name: "x" type: BOOL )" +
              when + "}");
}

TEST(Validate, ConditionsNameAParameterAndValuesThatItCanTake) {
  EXPECT_EQ(OnlyOfWhen(R"(when { parameter: "flg" values { bool_value: true } })"),
            "parameters.x.when: the study has no parameter \"flg\"; did you mean flag?");
  EXPECT_EQ(OnlyOfWhen(R"(when { parameter: "x" values { bool_value: true } })"),
            "parameters.x.when: a parameter cannot depend on itself");
  EXPECT_EQ(OnlyOfWhen(R"(when { parameter: "choice" values { string_value: "c" } })"),
            "parameters.x.when: c is not a value of choice, which is one of a, b");
  EXPECT_EQ(OnlyOfWhen(R"(when { parameter: "count" values { int_value: 2 } })"),
            "parameters.x.when: 2 is not a value of count, which is a whole number from 1 to 9 in "
            "steps of 2");
  EXPECT_EQ(OnlyOfWhen(R"(when { parameter: "fixed" values { int_value: 4 } })"),
            "parameters.x.when: 4 is not a value of fixed, which is 3");
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "flag" values { string_value: "true" } })"),
              HasSubstr("which is false or true"));
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "flag" })"), HasSubstr("no value of flag is given"));
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "flag" values { } })"),
              HasSubstr("a value is missing"));
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "real" values { double_value: 2 } })"),
              HasSubstr("real is a real number"));
  EXPECT_THAT(
      OnlyOfWhen(
          R"(when { parameter: "flag" values { bool_value: true } values { bool_value: true } })"),
      HasSubstr("true is there twice"));
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "flag" values { bool_value: true } }
                            when { parameter: "flag" values { bool_value: false } })"),
              HasSubstr("flag is named twice"));
  EXPECT_THAT(OnlyOfWhen(R"(when { parameter: "count" values { double_value: 3 } }
                            when { parameter: "fixed" values { int_value: 3 } })"),
              HasSubstr("0 violations"));
}

TEST(Validate, ACircleOfConditionsIsReportedOnceWithItsWay) {
  const auto parameter = [](const std::string& name, const std::string& parent) {
    return "parameters { name: '" + name + "' type: BOOL when { parameter: '" + parent +
           "' values { bool_value: true } } }";
  };
  EXPECT_EQ(
      Only(parameter("a", "b") + parameter("b", "c") + parameter("c", "b") + parameter("d", "a")),
      "parameters.c.when: the conditions go round in a circle: b needs c needs b");
}

TEST(Validate, AFloodOfMistakesIsCutShort) {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  for (int i = 0; i < 256; ++i) {
    v1::Parameter& parameter = *parameters.Add();
    parameter.set_name(std::string(120, 'p') + std::to_string(i));
    parameter.set_type(v1::Parameter::BOOL);
    for (int k = 0; k < 100; ++k) {
      parameter.add_when()->set_parameter(std::string(120, 'q') + std::to_string(k));
    }
  }
  EXPECT_THAT(Validate(parameters), SizeIs(50));
}

TEST(SearchSpace, IsNotMadeFromABadDefinition) {
  const auto space =
      SearchSpace::Create(ParametersOf(R"(parameters { name: "x" type: INT min: 1 })"));
  EXPECT_EQ(space.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(space.status().message(), "parameters.x.max: is missing");
  EXPECT_TRUE(error::HasReason(space.status(), error::kInvalidField));
}

}  // namespace
}  // namespace caviar::search_space
