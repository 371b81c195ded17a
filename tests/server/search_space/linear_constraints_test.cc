// Linear constraints: what is refused, and which points they allow.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "caviar/v1/study.pb.h"
#include "server/search_space/search_space.h"

namespace caviar::search_space {
namespace {

using ::testing::HasSubstr;

constexpr char kParameters[] = R"(
    parameters { name: "a" type: DOUBLE min: 0 max: 1 }
    parameters { name: "n" type: INT min: 1 max: 8 }
    parameters { name: "o" type: ORDINAL values { int_value: 16 } values { int_value: 64 } }
    parameters { name: "c" type: CATEGORICAL values { string_value: "x" }
                 values { string_value: "y" } }
    parameters { name: "d" type: DOUBLE min: 0 max: 1
                 when { parameter: "c" values { string_value: "y" } } }
    parameters { name: "f" value { double_value: 0.5 }
                 when { parameter: "c" values { string_value: "y" } } } )";

v1::Study StudyWith(const std::string& constraints) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kParameters + constraints, &study));
  return study;
}

SearchSpace SpaceWith(const std::string& constraints) {
  const v1::Study study = StudyWith(constraints);
  auto space = SearchSpace::Create(study.parameters(), study.linear_constraints());
  EXPECT_TRUE(space.ok()) << space.status();
  return *std::move(space);
}

// "field: description" of the only violation.
std::string OnlyViolation(const std::string& constraints) {
  const v1::Study study = StudyWith(constraints);
  const auto violations = Validate(study.parameters(), study.linear_constraints());
  if (violations.size() != 1) return std::to_string(violations.size()) + " violations";
  return violations[0].field() + ": " + violations[0].description();
}

std::string Sum(const std::string& terms, const std::string& bounds) {
  return "linear_constraints { " + terms + " " + bounds + " }";
}

std::string Term(const std::string& name, double coefficient) {
  return "coefficients { key: '" + name + "' value: " + std::to_string(coefficient) + " }";
}

TEST(LinearConstraints, AllowThePointsThatKeepThem) {
  const SearchSpace space = SpaceWith(Sum(Term("a", 8) + Term("n", -1), "max: 0"));
  ASSERT_TRUE(space.model().constrained());
  // a, n, o, c, d: 8 a <= n.
  EXPECT_TRUE(space.model().Allows({0.5, 0.999, 0, 0, 0}));
  EXPECT_TRUE(space.model().Allows({1, 1, 0, 0, 0}));
  EXPECT_FALSE(space.model().Allows({0.5, 0, 0, 0, 0}));
  EXPECT_FALSE(SpaceWith("").model().constrained());
}

TEST(LinearConstraints, ReadOrdinalsByTheirNumbers) {
  const SearchSpace space = SpaceWith(Sum(Term("o", 1), "min: 17"));
  EXPECT_FALSE(space.model().Allows({0, 0, 0.2, 0, 0}));
  EXPECT_TRUE(space.model().Allows({0, 0, 0.8, 0, 0}));
}

TEST(LinearConstraints, DoNotBindWhereAParameterIsInactive) {
  const SearchSpace by_axis = SpaceWith(Sum(Term("a", 1) + Term("d", 1), "max: 0.5"));
  EXPECT_TRUE(by_axis.model().Allows({1, 0, 0, 0.2, 1}));   // c = x
  EXPECT_FALSE(by_axis.model().Allows({1, 0, 0, 0.8, 1}));  // c = y
  const SearchSpace by_fixed = SpaceWith(Sum(Term("a", 1) + Term("f", 1), "max: 1"));
  EXPECT_TRUE(by_fixed.model().Allows({1, 0, 0, 0.2, 0}));
  EXPECT_FALSE(by_fixed.model().Allows({1, 0, 0, 0.8, 0}));
  EXPECT_TRUE(by_fixed.model().Allows({0.5, 0, 0, 0.8, 0}));
}

TEST(LinearConstraints, ASumThatMissesItsBoundByRoundingKeepsIt) {
  const SearchSpace space = SpaceWith(Sum(Term("a", 0.1) + Term("n", 0.1), "min: 0.3 max: 0.3"));
  EXPECT_TRUE(space.model().Allows({1, 0.2, 0, 0, 0}));  // 0.1 * 1 + 0.1 * 2
  EXPECT_FALSE(space.model().Allows({0.999, 0.2, 0, 0, 0}));
}

TEST(LinearConstraints, AreRefusedByNameAndReason) {
  EXPECT_THAT(OnlyViolation(Sum(Term("b", 1), "max: 1")),
              HasSubstr("linear_constraints[0]: names \"b\", which is no parameter"));
  EXPECT_THAT(OnlyViolation(Sum(Term("c", 1), "max: 1")), HasSubstr("c, whose values are no"));
  EXPECT_THAT(OnlyViolation(Sum(Term("a", 0), "max: 1")), HasSubstr("the coefficient 0"));
  EXPECT_THAT(OnlyViolation(Sum("coefficients { key: 'a' value: nan }", "max: 1")),
              HasSubstr("it has to be finite"));
  EXPECT_THAT(OnlyViolation(Sum("", "max: 1")), HasSubstr("is about no parameter"));
  EXPECT_THAT(OnlyViolation(Sum(Term("a", 1), "")), HasSubstr("has no finite bound"));
  EXPECT_THAT(OnlyViolation(Sum(Term("a", 1), "max: inf")), HasSubstr("has no finite bound"));
  EXPECT_THAT(OnlyViolation(Sum(Term("a", 1), "min: 1 max: 0")), HasSubstr("above its upper"));
}

TEST(LinearConstraints, BoundsThatRangesAloneForbidAreRefused) {
  EXPECT_THAT(OnlyViolation(Sum(Term("a", 1) + Term("n", 1), "min: 9.5")),
              HasSubstr("(a + n >= 9.5) holds nowhere: by the parameters' ranges the sum is at "
                        "most 9"));
  EXPECT_THAT(OnlyViolation(Sum(Term("a", -1) + Term("n", 1), "max: -0.5")),
              HasSubstr("the sum is at least 0"));
}

TEST(LinearConstraints, TooManyAreRefused) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += Sum(Term("a", 1), "max: 1");
  EXPECT_THAT(OnlyViolation(many), HasSubstr("65 are too many"));
}

}  // namespace
}  // namespace caviar::search_space
