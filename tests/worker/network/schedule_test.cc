#include "worker/network/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace caviar::network {
namespace {

constexpr int kEpochs = 8;
constexpr int kUpdates = 10;  // an epoch

v1::BatchNormNetworkParameters Parameters(const char* schedule) {
  v1::BatchNormNetworkParameters p;
  p.set_learning_rate(0.2);
  p.set_learning_rate_schedule(schedule);
  p.set_decay_rate(0.5);
  p.set_step_factor(0.1);
  p.set_step_epochs(3);
  p.set_one_cycle_rise(0.3);
  return p;
}

// Of update `update` of an epoch.
double Rate(const v1::BatchNormNetworkParameters& parameters, int epoch, int update = 0) {
  return Schedule::Create(parameters, kEpochs, kUpdates)->LearningRate(epoch * kUpdates + update);
}
double Rate(const char* schedule, int epoch, int update = 0) {
  return Rate(Parameters(schedule), epoch, update);
}

TEST(Schedule, FollowsItsFormulas) {
  EXPECT_DOUBLE_EQ(Rate("constant", 5), 0.2);
  EXPECT_DOUBLE_EQ(Rate("inverse_time", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("inverse_time", 3), 0.2 / (1 + 0.5 * 3));
  EXPECT_DOUBLE_EQ(Rate("inverse_time", 3, 9), 0.2 / (1 + 0.5 * 3)) << "the same within an epoch";
  EXPECT_DOUBLE_EQ(Rate("exponential", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("exponential", 4), 0.2 * std::exp(-0.5 * 4));
  EXPECT_DOUBLE_EQ(Rate("step", 2), 0.2);
  EXPECT_DOUBLE_EQ(Rate("step", 3), 0.2 * 0.1);
  EXPECT_DOUBLE_EQ(Rate("step", 7), 0.2 * 0.1 * 0.1);
  EXPECT_DOUBLE_EQ(Rate("cosine", 0), 0.2);
  EXPECT_DOUBLE_EQ(Rate("cosine", 4), 0.1);
  EXPECT_DOUBLE_EQ(Rate("cosine", 7), 0.1 * (1 + std::cos(M_PI * 7 / 8)));
}

TEST(Schedule, OneCycleRisesToItsPeakAndFallsToNearlyNothing) {
  EXPECT_DOUBLE_EQ(Rate("one_cycle", 0), 0.2 / 25);
  EXPECT_NEAR(Rate("one_cycle", 7, 9), 0.2 / 250'000, 1e-12);
  double highest = 0;
  int peak = 0;
  for (int update = 0; update < kEpochs * kUpdates; ++update) {
    const double rate = Rate("one_cycle", 0, update);
    if (rate > highest) peak = update;
    highest = std::max(highest, rate);
  }
  EXPECT_NEAR(highest, 0.2, 1e-3);
  EXPECT_EQ(peak, 24) << "at 0.3 of the 79 steps between 80 updates";
}

TEST(Schedule, OneCycleOfOneUpdateIsARate) {
  const auto schedule = Schedule::Create(Parameters("one_cycle"), 1, 1);
  EXPECT_DOUBLE_EQ(schedule->LearningRate(0), 0.2 / 25);
}

TEST(Schedule, WarmsUpUpdateByUpdate) {
  auto parameters = Parameters("constant");
  parameters.set_warmup_epochs(2.5);
  EXPECT_DOUBLE_EQ(Rate(parameters, 0, 0), 0.2 * 1 / 25);
  EXPECT_DOUBLE_EQ(Rate(parameters, 1, 4), 0.2 * 15 / 25);
  EXPECT_DOUBLE_EQ(Rate(parameters, 2, 4), 0.2);
  EXPECT_DOUBLE_EQ(Rate(parameters, 7), 0.2);
  parameters = Parameters("inverse_time");
  parameters.set_warmup_epochs(4);
  EXPECT_DOUBLE_EQ(Rate(parameters, 2, 0), 0.2 / (1 + 0.5 * 2) * 21 / 40);
}

TEST(Schedule, RefusesAWordItDoesNotKnow) {
  EXPECT_EQ(Schedule::Create(Parameters("warm_restarts"), 1, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caviar::network
