// What the Gaussian process makes of values at rungs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_rung_lessons.h"
#include "server/sampling/gp_rung_predictor.h"
#include "server/sampling/gp_sampler.h"
#include "tests/server/sampling/observations.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;
using testing::ElementsAre;
using testing::SizeIs;

constexpr uint32_t kRungSeed = 11;

SearchSpace Conditional() {
  return SpaceOf(R"(
      parameters { name: "on" type: BOOL }
      parameters { name: "x" type: DOUBLE min: 0 max: 1
                   when { parameter: "on" values { bool_value: true } } }
      parameters { name: "kind" type: CATEGORICAL values { string_value: "a" }
                   values { string_value: "b" } values { string_value: "c" } })");
}

Observation Final(int32_t number, v1::Trial::State state, Point point, double value,
                  std::vector<double> rungs) {
  return {.number = number,
          .state = state,
          .value = value,
          .point = std::move(point),
          .rungs = std::move(rungs),
          .more_values = {},
          .excesses = {},
          .variance = {}};
}

// Curves that cross: the first rung falls along x, the end grows with it.
double FirstRung(const Point& at) { return 2 - at[0] + 0.5 * at[1]; }
double End(const Point& at) { return 0.2 + at[0]; }

// Trials of which every third one was trained to its end.
SamplerInput Crossing(const SearchSpace& space, int trials) {
  gp::Draws draws(kRungSeed, 0);
  SamplerInput input;
  input.seed = kRungSeed;
  input.number = trials;
  for (int i = 0; i < trials; ++i) {
    Point point;
    for (int k = 0; k < space.dimensions(); ++k) point.push_back(draws.Uniform());
    point = space.ToPoint(space.ToConfiguration(point)).value();
    const std::vector<double> rungs = {FirstRung(point)};
    const bool ended = i % 3 == 0;
    input.history.Add(Final(i, ended ? v1::Trial::COMPLETED : v1::Trial::PRUNED, point,
                            ended ? End(point) : 0, rungs));
  }
  return input;
}

double MeanAt(gp::RungPredictor& predictor, const gp::PointLayout& layout,
              const search_space::ModelPoint& point) {
  gp::Grid at(layout.width(), 1);
  layout.Set(point, 0, at);
  gp::Prediction predictions[gp::kLanes];
  predictor.PredictVector(at, 0, predictions);
  return predictions[0].mean;
}

TEST(RungLessons, HoldEveryValueOnTheWayAndAtTheEnd) {
  SamplerInput input;
  input.history.Add(Final(0, v1::Trial::COMPLETED, {0.1, 0.1}, 1, {9, 3}));
  input.history.Add(Final(1, v1::Trial::PRUNED, {0.2, 0.1}, 0, {11}));
  input.history.Add(Final(2, v1::Trial::INFEASIBLE, {0.3, 0.1}, 0, {2}));
  input.history.Add(Final(3, v1::Trial::FAILED, {0.4, 0.1}, 0, {2, 2}));
  input.history.Add(Final(4, v1::Trial::PRUNED, {0.5, 0.1}, 0, {2, kNaN}));
  input.history.Add(Final(5, v1::Trial::PRUNED, {0.6, 0.1}, 0, {}));
  input.pending = {{{0.7, 0.1}, {6}}, {{0.8, 0.1}, {}}};
  const gp::RungLessons lessons = gp::RungLessonsOf(PlainSpace().model(), input);
  EXPECT_EQ(lessons.levels, 3u);
  ASSERT_THAT(lessons.trials, SizeIs(5));
  EXPECT_THAT(lessons.trials[0].values, SizeIs(3));
  EXPECT_DOUBLE_EQ(lessons.trials[0].values[2], -0.5);  // the least of all
  EXPECT_THAT(lessons.trials[1].values, SizeIs(1));
  EXPECT_LE(lessons.trials[1].values[0], 0.5);
  EXPECT_GT(lessons.trials[1].values[0], lessons.trials[0].values[0]);
  // Worse than the worst, however well they began.
  for (const int i : {2, 3}) {
    ASSERT_THAT(lessons.trials[static_cast<size_t>(i)].values, SizeIs(1)) << i;
    EXPECT_GT(lessons.trials[static_cast<size_t>(i)].values[0], 0.5) << i;
    EXPECT_FALSE(lessons.trials[static_cast<size_t>(i)].open) << i;
  }
  EXPECT_TRUE(lessons.trials[4].open);
  EXPECT_DOUBLE_EQ(lessons.trials[4].point[0], 0.7);
  ASSERT_THAT(lessons.unseen, SizeIs(1));
  EXPECT_DOUBLE_EQ(lessons.unseen[0][0], 0.8);
}

TEST(RungLessons, LetTrialsThatEndedEarlyCountWithTheirObjective) {
  SamplerInput input;
  input.history.Add(Final(0, v1::Trial::COMPLETED, {0.1, 0.1}, 1, {}));
  input.history.Add(Final(1, v1::Trial::COMPLETED, {0.2, 0.1}, 2, {3, 2.5}));
  const gp::RungLessons lessons = gp::RungLessonsOf(PlainSpace().model(), input);
  EXPECT_THAT(lessons.trials[0].values, ElementsAre(-0.5, -0.5, -0.5));
}

TEST(RungLessons, AreNoneWithoutRungs) {
  SamplerInput input;
  input.history.Add(Final(0, v1::Trial::COMPLETED, {0.1, 0.1}, 1, {}));
  input.pending = {{{0.8, 0.1}, {}}};
  EXPECT_THAT(gp::RungLessonsOf(PlainSpace().model(), input).trials, testing::IsEmpty());
}

TEST(RungPredictor, PredictsTheEndWhereCurvesCross) {
  const SearchSpace space = PlainSpace();
  const SamplerInput input = Crossing(space, 60);
  const gp::PointLayout layout(space.model());
  gp::RungPredictor predictor(layout, gp::RungLessonsOf(space.model(), input));
  EXPECT_EQ(predictor.seen(), 60u);
  // The first rung says the opposite.
  EXPECT_LT(MeanAt(predictor, layout, {0.1, 0.5}), MeanAt(predictor, layout, {0.5, 0.5}));
  EXPECT_LT(MeanAt(predictor, layout, {0.5, 0.5}), MeanAt(predictor, layout, {0.9, 0.5}));
}

TEST(RungPredictor, BelievesTheFirstRungUntilMoreIsKnown) {
  const SearchSpace space = PlainSpace();
  SamplerInput input;
  for (int i = 0; i < 20; ++i) {
    const Point point = {0.05 * i, 0.05 * (i * 7 % 20)};
    input.history.Add(Final(i, v1::Trial::PRUNED, point, 0, {FirstRung(point)}));
  }
  const gp::PointLayout layout(space.model());
  gp::RungPredictor predictor(layout, gp::RungLessonsOf(space.model(), input));
  EXPECT_GT(MeanAt(predictor, layout, {0.1, 0.5}), MeanAt(predictor, layout, {0.9, 0.5}));
}

TEST(RungPredictor, IsSurerWherePendingTrialsAre) {
  const SearchSpace space = PlainSpace();
  SamplerInput input = Crossing(space, 30);
  input.pending = {{{0.9, 0.9}, {}}};
  const gp::PointLayout layout(space.model());
  gp::RungPredictor predictor(layout, gp::RungLessonsOf(space.model(), input));
  gp::Grid at(layout.width(), 1);
  layout.Set({0.9, 0.9}, 0, at);
  gp::Prediction predictions[gp::kLanes];
  predictor.PredictVector(at, 0, predictions);
  EXPECT_LT(predictions[0].deviation, 0.9 * predictions[0].seen_deviation);
  EXPECT_GT(predictions[0].deviation, 0);
}

TEST(RungPredictor, HasTheDerivativesOfItsPredictions) {
  const SearchSpace space = PlainSpace();
  SamplerInput input = Crossing(space, 40);
  input.pending = {{{0.9, 0.2}, {1.2}}, {{0.3, 0.6}, {}}};
  const gp::PointLayout layout(space.model());
  gp::RungPredictor predictor(layout, gp::RungLessonsOf(space.model(), input));
  const gp::PredictionGradient by = {0.7, -1.3, 0.4};
  const auto weighted = [&](double x, double y) {
    gp::Grid at(layout.width(), 1);
    layout.Set({x, y}, 0, at);
    gp::Prediction p[gp::kLanes];
    predictor.PredictVector(at, 0, p);
    return by.mean * p[0].mean + by.deviation * p[0].deviation +
           by.seen_deviation * p[0].seen_deviation;
  };
  constexpr double kStep = 1e-5;
  for (const auto& [x, y] : {std::pair(0.31, 0.44), std::pair(0.77, 0.12)}) {
    gp::Grid at(layout.width(), 1), gradient;
    layout.Set({x, y}, 0, at);
    gp::Prediction predictions[gp::kLanes];
    predictor.PredictVector(at, 0, predictions);
    gp::PredictionGradient all[gp::kLanes];
    all[0] = by;
    predictor.Gradient(at, 0, all, gradient);
    const double by_x = (weighted(x + kStep, y) - weighted(x - kStep, y)) / (2 * kStep);
    const double by_y = (weighted(x, y + kStep) - weighted(x, y - kStep)) / (2 * kStep);
    EXPECT_NEAR(gradient(0, 0), by_x, 1e-5 * (1 + std::abs(by_x))) << x;
    EXPECT_NEAR(gradient(1, 0), by_y, 1e-5 * (1 + std::abs(by_y))) << x;
  }
}

TEST(RungPredictor, HoldsABoundedNumberOfPoints) {
  const SearchSpace space = Conditional();
  SamplerInput input = Crossing(space, 3000);
  for (int i = 0; i < 500; ++i) input.pending.push_back({{0.5, 0.001 * i, 0.5}, {}});
  const gp::PointLayout layout(space.model());
  const gp::RungPredictor predictor(layout, gp::RungLessonsOf(space.model(), input));
  EXPECT_LE(predictor.points().size(), 500u);
}

TEST(GpSampler, IsNotMisledByAFirstRungThatSaysTheOpposite) {
  const SearchSpace space = PlainSpace();
  SamplerInput input = Crossing(space, 45);
  GpSampler sampler;
  int right = 0;
  for (; input.number < 55; ++input.number) right += (*sampler.SuggestPoint(space, input))[0] < 0.5;
  EXPECT_GE(right, 7);
}

TEST(GpSampler, LearnsFromTrialsThatRun) {
  const SearchSpace space = PlainSpace();
  SamplerInput input;
  input.seed = kRungSeed;
  input.number = 8;
  for (int i = 0; i < 8; ++i) {
    input.pending.push_back({{0.06 + 0.125 * i, 0.06 + 0.125 * (i * 3 % 8)}, {}});
  }
  GpSampler sampler;
  const Point before = *sampler.SuggestPoint(space, input);
  for (Pending& pending : input.pending) pending.rungs = {FirstRung(pending.point)};
  EXPECT_NE(before, *sampler.SuggestPoint(space, input));
}

}  // namespace
}  // namespace caviar::sampling
