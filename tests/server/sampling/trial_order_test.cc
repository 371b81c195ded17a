#include "server/sampling/trial_order.h"

#include <gtest/gtest.h>

#include <limits>

namespace caviar::sampling {
namespace {

Observation Final(int32_t number, v1::Trial::State state, double value,
                  std::vector<double> rungs = {}) {
  Observation observation;
  observation.number = number;
  observation.state = state;
  observation.value = value;
  observation.rungs = std::move(rungs);
  return observation;
}

Observation Broken(int32_t number, double value, std::vector<double> excesses) {
  Observation observation = Final(number, v1::Trial::COMPLETED, value);
  observation.excesses = std::move(excesses);
  return observation;
}

void ExpectOrder(const std::vector<Observation>& ordered, const ConstraintUnits& units) {
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(IsBetter(ordered[i], ordered[j], units), i < j) << i << " and " << j;
    }
  }
}

TEST(TrialOrder, PutsCompletedBeforePrunedBeforeInfeasibleTrials) {
  const std::vector<Observation> ordered = {
      Final(9, v1::Trial::COMPLETED, 1),
      Final(3, v1::Trial::COMPLETED, 2),
      Final(4, v1::Trial::COMPLETED, 2),
      Final(8, v1::Trial::PRUNED, 0, {5, 0.5}),
      Final(7, v1::Trial::PRUNED, 0, {0.1, 0.6}),
      Final(6, v1::Trial::PRUNED, 0, {0.1}),
      Final(1, v1::Trial::INFEASIBLE, 0),
      Final(2, v1::Trial::COMPLETED, std::numeric_limits<double>::quiet_NaN()),
  };
  ExpectOrder(ordered, {});
}

TEST(TrialOrder, PutsTrialsThatBreakAConstraintBehindThoseThatKeepAll) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  // The second constraint is in units a million times smaller.
  const std::vector<Observation> ordered = {
      Broken(9, 5, {-1e9, 0}),
      Broken(8, 1, {0, 2e-6}),
      Broken(7, 0, {3, -1}),
      Broken(6, 0, {2, 2e-6}),
      Broken(1, 3, {kInfinity, 0}),
      Broken(0, 4, {0, std::numeric_limits<double>::quiet_NaN()}),
      Final(3, v1::Trial::PRUNED, 0, {0.1}),
      Final(2, v1::Trial::INFEASIBLE, 0),
  };
  ConstraintUnits units;
  EXPECT_FALSE(units.Add(Broken(1, 0, {-1, 0})));
  EXPECT_TRUE(units.Add(Broken(2, 0, {1, 0})));
  EXPECT_TRUE(units.Add(Broken(3, 0, {1, 1e-6})));
  EXPECT_FALSE(units.Add(Broken(4, 0, {1, 1e-6})));
  EXPECT_TRUE(units.Add(Broken(5, 0, {1, 1e-6})));
  ExpectOrder(ordered, units);
}

TEST(ConstraintUnits, AreNotMovedFarByAnOutlier) {
  ConstraintUnits units;
  for (int i = 0; i < 63; ++i) units.Add(Broken(i, 0, {2}));
  units.Add(Broken(63, 0, {1e300}));
  EXPECT_LT(units.TotalExcess(Broken(64, 0, {2})), 1);
  EXPECT_GT(units.TotalExcess(Broken(64, 0, {2})), 1e-6);
}

TEST(TrialOrder, TakesAnyObjectiveThatIsNotFiniteForBad) {
  Observation observation = Final(1, v1::Trial::COMPLETED, 1);
  observation.more_values = {1, std::numeric_limits<double>::infinity()};
  EXPECT_EQ(LessonOf(observation), Lesson::kBad);
  observation.more_values = {1, 2};
  EXPECT_EQ(LessonOf(observation), Lesson::kValue);
}

TEST(TrialOrder, LearnsNothingFromWhatHasNoResult) {
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::FAILED, 1)), Lesson::kNothing);
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::CANCELLED, 1)), Lesson::kNothing);
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::PRUNED, 1)), Lesson::kNothing);
}

}  // namespace
}  // namespace caviar::sampling
