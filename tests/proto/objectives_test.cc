#include "caviar/v1/objectives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

namespace caviar::vocabulary {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

v1::Study OneObjective() {
  v1::Study study;
  study.mutable_objective()->set_metric("accuracy");
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  return study;
}

v1::Study TwoObjectives() {
  v1::Study study;
  *study.add_objectives() = OneObjective().objective();
  study.add_objectives()->set_metric("latency");
  study.mutable_objectives(1)->set_goal(v1::Objective::MINIMIZE);
  return study;
}

v1::Constraint Bounds(std::optional<double> min, std::optional<double> max) {
  v1::Constraint constraint;
  if (min) constraint.set_min(*min);
  if (max) constraint.set_max(*max);
  return constraint;
}

TEST(Objectives, AreTheOneOrAllOfThem) {
  EXPECT_FALSE(HasSeveralObjectives(OneObjective()));
  EXPECT_EQ(ObjectivesOf(OneObjective()).size(), 1u);
  EXPECT_EQ(FirstObjective(OneObjective()).metric(), "accuracy");
  EXPECT_TRUE(HasSeveralObjectives(TwoObjectives()));
  EXPECT_EQ(ObjectivesOf(TwoObjectives())[1].metric(), "latency");
  EXPECT_EQ(FirstObjective(TwoObjectives()).metric(), "accuracy");
}

TEST(Objectives, AnOutcomeIsKeptOnlyWhereItSaysMoreThanTheObjective) {
  v1::Study study = OneObjective();
  EXPECT_THAT(OutcomeMetrics(study), IsEmpty());
  study.add_constraints()->set_metric("memory");
  EXPECT_THAT(OutcomeMetrics(study), ElementsAre("accuracy", "memory"));
  study = TwoObjectives();
  EXPECT_THAT(OutcomeMetrics(study), ElementsAre("accuracy", "latency"));
}

TEST(Objectives, ALossIsBetterTheLowerItIs) {
  EXPECT_EQ(Loss(TwoObjectives().objectives(0), 0.75), -0.75);
  EXPECT_EQ(Loss(TwoObjectives().objectives(1), 12), 12);
}

TEST(Constraints, AnExcessIsPositiveOnlyBeyondABound) {
  EXPECT_EQ(Excess(Bounds({}, 10), 12.5), 2.5);
  EXPECT_EQ(Excess(Bounds({}, 10), 10), 0);
  EXPECT_EQ(Excess(Bounds({}, 10), 4), -6);
  EXPECT_EQ(Excess(Bounds(10, {}), 4), 6);
  EXPECT_EQ(Excess(Bounds(10, {}), 12), -2);
  EXPECT_EQ(Excess(Bounds(0, 10), 7), -3);
  EXPECT_EQ(Excess(Bounds(0, 10), -1), 1);
  EXPECT_EQ(Excess(Bounds(5, 5), 5), 0);
}

TEST(Constraints, AnExcessIsFiniteWhereTheValueIs) {
  EXPECT_EQ(Excess(Bounds(-kLargest, -kLargest), kLargest), kLargest);
  EXPECT_EQ(Excess(Bounds(kLargest, {}), -kLargest), kLargest);
  for (const double value : {kInfinity, -kInfinity, std::nan("")}) {
    EXPECT_TRUE(std::isnan(Excess(Bounds(0, 1), value))) << value;
  }
}

}  // namespace
}  // namespace caviar::vocabulary
