#include "worker/training/objective_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace caviar::training {
namespace {

std::optional<int64_t> Chosen(v1::Objective::Goal goal, v1::Objective::ValueOf value,
                              const std::vector<double>& values) {
  v1::Objective objective;
  objective.set_goal(goal);
  objective.set_value(value);
  ObjectiveChoice choice(objective);
  int64_t step = 0;
  for (const double v : values) choice.Offer(++step, v);
  return choice.step();
}

TEST(ObjectiveChoice, TakesTheBestForTheGoal) {
  EXPECT_EQ(Chosen(v1::Objective::MAXIMIZE, v1::Objective::BEST, {0.5, 0.9, 0.7}), 2);
  EXPECT_EQ(Chosen(v1::Objective::MINIMIZE, v1::Objective::BEST, {0.5, 0.2, 0.7}), 2);
  EXPECT_EQ(Chosen(v1::Objective::MAXIMIZE, v1::Objective::VALUE_OF_UNSPECIFIED, {-3, -2, -4}), 2);
}

TEST(ObjectiveChoice, TakesTheEarliestOfEquals) {
  EXPECT_EQ(Chosen(v1::Objective::MAXIMIZE, v1::Objective::BEST, {0.1, 0.9, 0.9}), 2);
  EXPECT_EQ(Chosen(v1::Objective::MINIMIZE, v1::Objective::BEST, {0.9, 0.1, 0.1}), 2);
}

TEST(ObjectiveChoice, PassesOverValuesThatAreNotFinite) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Chosen(v1::Objective::MAXIMIZE, v1::Objective::BEST, {nan, infinity, 0.3, nan}), 3);
  EXPECT_EQ(Chosen(v1::Objective::MINIMIZE, v1::Objective::BEST, {-infinity, nan}), std::nullopt);
}

TEST(ObjectiveChoice, TakesTheLastWhereTheStudySaysSo) {
  EXPECT_EQ(Chosen(v1::Objective::MAXIMIZE, v1::Objective::LAST, {0.5, 0.9, 0.7}), 3);
}

}  // namespace
}  // namespace caviar::training
