#include "server/sampling/trial_order.h"

#include <gtest/gtest.h>

#include <limits>

namespace caviar::sampling {
namespace {

Observation Final(int32_t number, v1::Trial::State state, double value,
                  std::vector<double> rungs = {}) {
  return {.number = number, .state = state, .value = value, .point = {}, .rungs = std::move(rungs)};
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
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(IsBetter(ordered[i], ordered[j]), i < j) << i << " and " << j;
    }
  }
}

TEST(TrialOrder, LearnsNothingFromWhatHasNoResult) {
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::FAILED, 1)), Lesson::kNothing);
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::CANCELLED, 1)), Lesson::kNothing);
  EXPECT_EQ(LessonOf(Final(1, v1::Trial::PRUNED, 1)), Lesson::kNothing);
}

}  // namespace
}  // namespace caviar::sampling
