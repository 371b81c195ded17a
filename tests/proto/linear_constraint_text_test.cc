#include "caviar/v1/linear_constraint_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "google/protobuf/util/message_differencer.h"

namespace caviar::vocabulary {
namespace {

std::string Normal(const std::string& text) {
  const auto constraint = ParseLinearConstraint(text);
  return constraint.ok() ? FormatLinearConstraint(*constraint)
                         : std::string(constraint.status().message());
}

TEST(LinearConstraintText, IsBroughtToOneSide) {
  EXPECT_EQ(Normal("a <= 1"), "a <= 1");
  EXPECT_EQ(Normal("units_1 >= units_2"), "units_1 - units_2 >= 0");
  EXPECT_EQ(Normal("b + 2 * a - 3 <= 4 - b"), "2 * a + 2 * b <= 7");
  EXPECT_EQ(Normal("3 >= a"), "-a >= -3");
  EXPECT_EQ(Normal("a + b == 1"), "a + b == 1");
  EXPECT_EQ(Normal("-a <= 0.25"), "-a <= 0.25");
}

TEST(LinearConstraintText, BoundsASumOnBothSides) {
  EXPECT_EQ(Normal("0 <= a + b <= 1"), "0 <= a + b <= 1");
  EXPECT_EQ(Normal("1 >= a + b >= 0"), "0 <= a + b <= 1");
  EXPECT_EQ(Normal("-2 <= a - 1 <= 5"), "-1 <= a <= 6");
}

TEST(LinearConstraintText, TakesFactorsInEveryPlace) {
  EXPECT_EQ(Normal("2 a <= 1"), "2 * a <= 1");
  EXPECT_EQ(Normal("a * 2 * 0.5 + 1e-3 * b <= 1"), "a + 0.001 * b <= 1");
  EXPECT_EQ(Normal("a + a <= 1"), "2 * a <= 1");
}

TEST(LinearConstraintText, ANameMayHoldADash) {
  EXPECT_EQ(Normal("net.units-1 - b <= 1"), "-b + net.units-1 <= 1");
}

TEST(LinearConstraintText, SaysWhatIsWrong) {
  EXPECT_EQ(Normal("a < 1"), "has the sign <; write <=, >= or ==");
  EXPECT_EQ(Normal("a + b"), "compares nothing; write it like a + b <= 1");
  EXPECT_EQ(Normal("a * b <= 1"),
            "multiplies a by b; a linear constraint is a sum of numbers times parameters");
  EXPECT_EQ(Normal("a b <= 1"), "lacks + or - before \"b\"");
  EXPECT_EQ(Normal("a + <= 1"), "has a sign without a number or a parameter's name behind it");
  EXPECT_EQ(Normal("a <="), "has a sign without a number or a parameter's name behind it");
  EXPECT_EQ(Normal(""), "has a sign without a number or a parameter's name behind it");
  EXPECT_EQ(Normal("a - a <= 1"), "is about no parameter");
  EXPECT_EQ(Normal("a / 2 <= 1"),
            "has \"/\", which is no part of a linear constraint such as a + 2 * b <= 1");
  EXPECT_NE(Normal("a <= b <= 1").find("outer ones are numbers"), std::string::npos);
  EXPECT_NE(Normal("0 <= a >= 1").find("outer ones are numbers"), std::string::npos);
  EXPECT_NE(Normal("1e999 <= a").find("where a number should be"), std::string::npos);
  EXPECT_NE(Normal(std::string(20000, 'a')).find("at most 16384"), std::string::npos);
}

TEST(LinearConstraintText, IsReadAsItWasWritten) {
  v1::LinearConstraint constraint;
  (*constraint.mutable_coefficients())["x"] = 0.1;
  (*constraint.mutable_coefficients())["y"] = -1 / 3.0;
  (*constraint.mutable_coefficients())["z-1"] = -1;
  constraint.set_min(-1e-300);
  constraint.set_max(std::nextafter(1.0, 2.0));
  const auto read = ParseLinearConstraint(FormatLinearConstraint(constraint));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*read, constraint));
}

}  // namespace
}  // namespace caviar::vocabulary
