// What holds for every sampler that learns from the history.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sampler.h"
#include "tests/server/sampling/observations.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Configuration;
using search_space::ModelPoint;
using search_space::Point;
using search_space::SearchSpace;

constexpr uint32_t kModelSeed = 17;

constexpr char kReals[] = R"(
    parameters { name: "x" type: DOUBLE min: 0 max: 1 }
    parameters { name: "y" type: DOUBLE min: 0 max: 1 }
    parameters { name: "z" type: DOUBLE min: 0 max: 1 })";

constexpr char kMixed[] = R"(
    parameters { name: "rate" type: DOUBLE min: 1e-5 max: 1 scale: LOG }
    parameters { name: "units" type: INT min: 1 max: 512 scale: LOG }
    parameters { name: "layers" type: INT min: 1 max: 4 }
    parameters { name: "batch" type: ORDINAL
                 values { int_value: 16 } values { int_value: 64 } values { int_value: 128 } }
    parameters { name: "optimizer" type: CATEGORICAL
                 values { string_value: "sgd" } values { string_value: "adam" }
                 values { string_value: "none" } }
    parameters { name: "momentum" type: DOUBLE min: 0.5 max: 0.999 scale: ONE_MINUS_LOG
                 when { parameter: "optimizer" values { string_value: "sgd" } } }
    parameters { name: "steps" type: INT min: 1 max: 9
                 when { parameter: "optimizer"
                        values { string_value: "sgd" } values { string_value: "adam" } } })";

class ModelSampler : public testing::TestWithParam<v1::Sampler::Algorithm> {
 protected:
  ModelSampler() : trace_(__FILE__, __LINE__, "seed " + std::to_string(kModelSeed)) {}

  static std::unique_ptr<Sampler> Make() {
    v1::Sampler definition;
    definition.set_algorithm(GetParam());
    return MakeSampler(definition).value();
  }

  // Random points, with values that `value` gives for (number, point).
  template <typename Value>
  static SamplerInput After(int trials, const SearchSpace& space, const Value& value) {
    SamplerInput input;
    input.seed = kModelSeed;
    input.number = trials;
    for (int i = 0; i < trials; ++i) {
      Point point = space.model().ToPoint(space.model().ToModel(
          RandomPoint(kModelSeed + 1, static_cast<uint32_t>(i), space.dimensions())));
      const double at = value(i, point);
      input.history.Add(Completed(i, std::move(point), at));
    }
    return input;
  }

  // The best value that a study of so many trials finds.
  template <typename Value>
  static double Best(Sampler& sampler, const SearchSpace& space, int trials, const Value& value) {
    SamplerInput input;
    input.seed = kModelSeed;
    double best = std::numeric_limits<double>::infinity();
    for (; input.number < trials; ++input.number) {
      Point point = sampler.SuggestPoint(space, input).value();
      const double at = value(space.model().ToModel(point));
      best = std::min(best, at);
      input.history.Add(Completed(input.number, std::move(point), at));
    }
    return best;
  }

  static void ExpectInside(const SearchSpace& space, const SamplerInput& input) {
    const auto sampler = Make();
    const Point point = sampler->SuggestPoint(space, input).value();
    ASSERT_EQ(point.size(), static_cast<size_t>(space.dimensions()));
    for (const double at : point) {
      EXPECT_GE(at, 0);
      EXPECT_LE(at, 1);
    }
    const auto configuration = Suggest(*sampler, space, input);
    if (configuration) {
      EXPECT_TRUE(space.ToPoint(*configuration).ok());
    }
  }

 private:
  const testing::ScopedTrace trace_;
};

INSTANTIATE_TEST_SUITE_P(Algorithms, ModelSampler,
                         testing::Values(v1::Sampler::TPE, v1::Sampler::CMA_ES),
                         [](const auto& info) { return v1::Sampler::Algorithm_Name(info.param); });

double Bowl(const ModelPoint& at) {
  double sum = 0;
  for (const double x : at) sum += (x - 0.3) * (x - 0.3);
  return sum;
}

TEST_P(ModelSampler, LooksAtHistory) { EXPECT_TRUE(Make()->UsesHistory()); }

TEST_P(ModelSampler, FindsTheBottomOfABowl) {
  const SearchSpace space = SpaceOf(kReals);
  // Of 80 uniform points the best one is at about .02.
  EXPECT_LT(Best(*Make(), space, 80, Bowl), 0.002);
}

TEST_P(ModelSampler, FindsTheRightCategoryAndWhatDependsOnIt) {
  const SearchSpace space = SpaceOf(kMixed);
  const auto value = [](const ModelPoint& at) {
    // Without momentum it is bad; the middle of everything is best.
    if (std::isnan(at[5])) return 2 + at[0];
    return std::abs(at[0] - 0.5) + std::abs(at[1] - 0.5) + std::abs(at[5] - 0.5);
  };
  EXPECT_LT(Best(*Make(), space, 100, value), 0.25);
}

// Bowls whose bottom is where Bowl has it, each with trials at random points.
std::shared_ptr<const std::vector<std::vector<Observation>>> EarlierBowls(const SearchSpace& space,
                                                                          int studies, int trials) {
  std::vector<std::vector<Observation>> earlier(static_cast<size_t>(studies));
  for (size_t i = 0; i < earlier.size(); ++i) {
    for (int k = 0; k < trials; ++k) {
      Point point = space.model().ToPoint(
          space.model().ToModel(RandomPoint(kModelSeed + 2 + static_cast<uint32_t>(i),
                                            static_cast<uint32_t>(k), space.dimensions())));
      const double value = Bowl(point);
      earlier[i].push_back(Completed(k, std::move(point), value));
    }
  }
  return std::make_shared<const std::vector<std::vector<Observation>>>(std::move(earlier));
}

TEST_P(ModelSampler, GivesTheSameBitsFreshAndWarm) {
  for (const char* text : {kReals, kMixed, kMixed}) {
    const SearchSpace space = SpaceOf(text);
    const auto warm = Make();
    SamplerInput input;
    input.seed = kModelSeed;
    if (text == kMixed) input.warm_start = EarlierBowls(space, 2, 30);
    for (; input.number < 60; ++input.number) {
      const Point point = warm->SuggestPoint(space, input).value();
      ASSERT_EQ(point, Make()->SuggestPoint(space, input).value()) << input.number;
      Observation observation = Completed(input.number, point, Bowl(point));
      if (input.number % 7 == 3) observation.state = v1::Trial::INFEASIBLE;
      if (input.number % 7 == 5) observation.state = v1::Trial::FAILED;
      observation.excesses = {point[0] - 0.4, 1e5 * (point[1] - 0.7)};
      input.history.Add(std::move(observation));
    }
  }
}

TEST_P(ModelSampler, ForgetsWhatItSawOfAnotherHistoryOrSpace) {
  const SearchSpace space = SpaceOf(kReals), other = SpaceOf(kMixed);
  const auto value = [](int, const Point& point) { return Bowl(point); };
  const SamplerInput longer = After(50, space, value), shorter = After(20, space, value);
  const SamplerInput different =
      After(50, space, [](int, const Point& point) { return -Bowl(point); });
  const SamplerInput elsewhere = After(30, other, value);
  const auto sampler = Make();
  sampler->SuggestPoint(space, longer);
  EXPECT_EQ(sampler->SuggestPoint(space, shorter), Make()->SuggestPoint(space, shorter));
  EXPECT_EQ(sampler->SuggestPoint(space, different), Make()->SuggestPoint(space, different));
  EXPECT_EQ(sampler->SuggestPoint(other, elsewhere), Make()->SuggestPoint(other, elsewhere));
  EXPECT_NE(Make()->SuggestPoint(space, longer), Make()->SuggestPoint(space, different));
}

TEST_P(ModelSampler, StartsFromTrialsOfEarlierStudies) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input;
  input.seed = kModelSeed;
  input.warm_start = EarlierBowls(space, 2, 60);
  const auto sampler = Make();
  double sum = 0;
  for (; input.number < 20; ++input.number) {
    const Point point = sampler->SuggestPoint(space, input).value();
    sum += Bowl(point);
    input.pending.push_back({.point = point, .rungs = {}});
  }
  // Of uniform points: .37.
  EXPECT_LT(sum / 20, 0.27);
}

TEST_P(ModelSampler, ForgetsEarlierStudiesThatAreOthersNow) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input = After(5, space, [](int, const Point& point) { return Bowl(point); });
  input.warm_start = EarlierBowls(space, 1, 40);
  const auto sampler = Make();
  const Point with = sampler->SuggestPoint(space, input).value();
  EXPECT_EQ(sampler->SuggestPoint(space, input).value(), with);
  input.warm_start = EarlierBowls(space, 2, 40);
  EXPECT_EQ(sampler->SuggestPoint(space, input), Make()->SuggestPoint(space, input));
  input.warm_start = nullptr;
  EXPECT_EQ(sampler->SuggestPoint(space, input), Make()->SuggestPoint(space, input));
  EXPECT_NE(sampler->SuggestPoint(space, input).value(), with);
}

TEST_P(ModelSampler, TakesEarlierStudiesOfAnyKind) {
  for (const char* text :
       {kReals, kMixed,
        R"(parameters { name: "c" type: BOOL } parameters { name: "d" type: BOOL })",
        R"(parameters { name: "fixed" value { int_value: 3 } })"}) {
    const SearchSpace space = SpaceOf(text);
    for (const int studies : {0, 1, 3, 16}) {
      for (const int trials : {0, 1, 2, 500}) {
        SCOPED_TRACE(std::to_string(studies) + " studies of " + std::to_string(trials));
        for (const int own : {0, 1, 12}) {
          SamplerInput input = After(own, space, [](int, const Point&) { return 1.0; });
          input.warm_start = EarlierBowls(space, studies, trials);
          ExpectInside(space, input);
        }
      }
    }
  }
}

TEST_P(ModelSampler, GoesWhereConstraintsAreKept) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input;
  input.seed = kModelSeed;
  const auto sampler = Make();
  int kept = 0;
  for (; input.number < 100; ++input.number) {
    const Point point = sampler->SuggestPoint(space, input).value();
    // What is best breaks both constraints, which are in units of their own.
    Observation observation = Completed(input.number, point, -point[0] - point[1]);
    observation.excesses = {1e6 * (point[0] - 0.4), 1e-6 * (point[1] - 0.4)};
    if (input.number >= 60) kept += point[0] <= 0.4 && point[1] <= 0.4;
    input.history.Add(std::move(observation));
  }
  // Of uniform points 6.4 do.
  EXPECT_GT(kept, 12);  // of 40
}

TEST_P(ModelSampler, TakesExcessesOfAnyKind) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const SearchSpace space = SpaceOf(kMixed);
  for (const int trials : {1, 12, 60}) {
    for (const auto& excesses : {std::vector{kNan},
                                 {kInfinity, 1.0},
                                 {1e308, 1e308},
                                 {-1.0, 0.0},
                                 {5e-324},
                                 {-kInfinity}}) {
      SamplerInput input;
      input.seed = kModelSeed;
      input.number = trials;
      for (int i = 0; i < trials; ++i) {
        Observation observation =
            Completed(i, RandomPoint(kModelSeed, static_cast<uint32_t>(i), space.dimensions()), i);
        observation.point = space.model().ToPoint(space.model().ToModel(observation.point));
        observation.excesses = excesses;
        input.history.Add(std::move(observation));
      }
      ExpectInside(space, input);
    }
  }
}

TEST_P(ModelSampler, LearnsNothingFromFailedAndCancelledTrials) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input = After(30, space, [](int, const Point& point) { return Bowl(point); });
  const Point before = Make()->SuggestPoint(space, input).value();
  for (const auto state : {v1::Trial::FAILED, v1::Trial::CANCELLED}) {
    Observation observation = Completed(10, {0.3, 0.3, 0.3}, -5);
    observation.state = state;
    input.history.Add(observation);
  }
  EXPECT_EQ(Make()->SuggestPoint(space, input).value(), before);
}

TEST_P(ModelSampler, StaysAwayFromWhereTrialsAreInfeasible) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input;
  input.seed = kModelSeed;
  const auto sampler = Make();
  int outside = 0;
  for (; input.number < 100; ++input.number) {
    const Point point = sampler->SuggestPoint(space, input).value();
    Observation observation = Completed(input.number, point, point[1]);
    if (point[0] > 0.5) observation.state = v1::Trial::INFEASIBLE;
    if (input.number >= 60) outside += point[0] > 0.5;
    input.history.Add(std::move(observation));
  }
  EXPECT_LT(outside, 10);  // of 40
}

TEST_P(ModelSampler, GivesManyWorkersDifferentPoints) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input = After(40, space, [](int, const Point& point) { return Bowl(point); });
  const auto sampler = Make();
  std::vector<Point> points;
  for (int worker = 0; worker < 64; ++worker, ++input.number) {
    points.push_back(sampler->SuggestPoint(space, input).value());
    input.pending.push_back({.point = points.back(), .rungs = {}});
  }
  int near = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      double distance = 0;
      for (size_t k = 0; k < 3; ++k)
        distance = std::max(distance, std::abs(points[i][k] - points[j][k]));
      near += distance < 0.01;
    }
  }
  EXPECT_LT(near, 10);  // of 2016 pairs
}

TEST_P(ModelSampler, StaysInsideWhateverHappened) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const char* text :
       {kReals, kMixed, R"(parameters { name: "fixed" value { int_value: 3 } })",
        R"(parameters { name: "one" type: CATEGORICAL values { string_value: "a" } })",
        R"(parameters { name: "c" type: BOOL } parameters { name: "d" type: BOOL })"}) {
    const SearchSpace space = SpaceOf(text);
    for (const int trials : {0, 1, 2, 12, 40}) {
      SCOPED_TRACE(std::string(text) + " after " + std::to_string(trials));
      ExpectInside(space, After(trials, space, [](int, const Point&) { return 1.0; }));
      ExpectInside(space, After(trials, space, [](int i, const Point&) { return i * 1e307; }));
      ExpectInside(space,
                   After(trials, space, [](int i, const Point&) { return i % 3 ? kNan : 1; }));
      SamplerInput all_bad;
      all_bad.seed = kModelSeed;
      all_bad.number = trials;
      for (int i = 0; i < trials; ++i) {
        Observation bad = Completed(i, Point(static_cast<size_t>(space.dimensions()), 0.5), 0);
        bad.state = i % 2 ? v1::Trial::INFEASIBLE : v1::Trial::PRUNED;
        if (i % 4 == 0) bad.rungs = {1.0, kNan};
        all_bad.history.Add(bad);
      }
      ExpectInside(space, all_bad);
    }
  }
}

TEST_P(ModelSampler, TakesAHundredThousandTrials) {
  const SearchSpace space = SpaceOf(kReals);
  ExpectInside(space, After(100'000, space, [](int i, const Point&) { return i % 10; }));
}

std::unique_ptr<Sampler> MakeOf(v1::Sampler::Algorithm algorithm) {
  v1::Sampler definition;
  definition.set_algorithm(algorithm);
  return MakeSampler(definition).value();
}

// Trials along one axis: completed ones, the best of which is at 0.8, and pruned ones at 0.2 that
// looked much better at their rung.
SamplerInput CompletedAndPruned(int pruned) {
  SamplerInput input;
  input.seed = kModelSeed;
  for (int i = 0; i < 20; ++i) {
    const double x = i / 20.0;
    input.history.Add(Completed(input.number++, {x}, std::abs(x - 0.8)));
  }
  for (int i = 0; i < pruned; ++i) {
    Observation observation = Completed(input.number++, {0.2 + 0.001 * i}, 0);
    observation.state = v1::Trial::PRUNED;
    observation.rungs = {-100};
    input.history.Add(std::move(observation));
  }
  input.number = 100;
  return input;
}

TEST(TpeSampler, TakesPrunedTrialsForWorseThanCompletedOnes) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })");
  SamplerInput input = CompletedAndPruned(10);
  const auto sampler = MakeOf(v1::Sampler::TPE);
  double sum = 0;
  for (int i = 0; i < 50; ++i, ++input.number)
    sum += sampler->SuggestPoint(space, input).value()[0];
  EXPECT_NEAR(sum / 50, 0.8, 0.1) << "seed " << kModelSeed;
}

TEST(CmaEsSampler, TakesPrunedTrialsForWorseThanCompletedOnes) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })");
  SamplerInput input;
  input.seed = kModelSeed;
  for (int i = 0; i < 40; ++i) {
    const double x = 0.7 + 0.005 * i;
    input.history.Add(Completed(input.number++, {x}, std::abs(x - 0.8)));
    Observation pruned = Completed(input.number++, {0.2 + 0.005 * i}, 0);
    pruned.state = v1::Trial::PRUNED;
    pruned.rungs = {-100};
    input.history.Add(std::move(pruned));
  }
  const auto sampler = MakeOf(v1::Sampler::CMA_ES);
  double sum = 0;
  for (int i = 0; i < 50; ++i, ++input.number) {
    sum += sampler->SuggestPoint(space, input).value()[0];
  }
  EXPECT_NEAR(sum / 50, 0.8, 0.1) << "seed " << kModelSeed;
}

// Two objectives along two axes: the first is best at x = 0.2, the second at x = 0.8, both at
// y = 0.5.
std::vector<double> TwoObjectives(const Point& at) {
  const double beside = (at[1] - 0.5) * (at[1] - 0.5);
  return {(at[0] - 0.2) * (at[0] - 0.2) + beside, (at[0] - 0.8) * (at[0] - 0.8) + beside};
}

TEST(TpeSampler, FindsTheWholeFrontOfTwoObjectives) {
  const SearchSpace space = SpaceOf(kReals);
  const auto sampler = MakeOf(v1::Sampler::TPE);
  SamplerInput input;
  input.seed = kModelSeed;
  int near = 0;
  std::set<int> parts;  // of the front
  for (; input.number < 150; ++input.number) {
    const Point point = sampler->SuggestPoint(space, input).value();
    const std::vector<double> values = TwoObjectives(point);
    Observation observation = Completed(input.number, point, values[0]);
    observation.more_values = {values[1]};
    input.history.Add(std::move(observation));
    if (input.number < 50 || point[0] < 0.2 || point[0] > 0.8) continue;
    if (std::abs(point[1] - 0.5) > 0.1) continue;
    ++near;
    parts.insert(static_cast<int>((point[0] - 0.2) / 0.1));
  }
  // Of uniform points 12 lie there.
  EXPECT_GT(near, 30) << "seed " << kModelSeed;  // of 100
  EXPECT_GE(parts.size(), 5u) << "seed " << kModelSeed;
}

TEST(TpeSampler, TakesSeveralObjectivesOfAnyKind) {
  constexpr double kMax = std::numeric_limits<double>::max();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const SearchSpace space = SpaceOf(kMixed);
  for (const size_t objectives : {2, 3, 4}) {
    for (const int kind : {0, 1, 2, 3, 4}) {
      SCOPED_TRACE(std::to_string(objectives) + " objectives, kind " + std::to_string(kind));
      SamplerInput input;
      input.seed = kModelSeed;
      for (; input.number < 300; ++input.number) {
        Observation observation = Completed(
            input.number,
            RandomPoint(kModelSeed, static_cast<uint32_t>(input.number), space.dimensions()), 0);
        observation.point = space.model().ToPoint(space.model().ToModel(observation.point));
        for (size_t k = 0; k < objectives; ++k) {
          const double u = ToUnit(RandomBits(kModelSeed, static_cast<uint64_t>(input.number), k));
          const double values[] = {u, 1, u < 0.5 ? -kMax : kMax, u < 0.3 ? kNan : u,
                                   k == 0 ? u : 1 - u};
          (k == 0 ? observation.value : observation.more_values.emplace_back()) = values[kind];
        }
        if (kind == 4) observation.excesses = {observation.point[0] - 0.1};
        input.history.Add(std::move(observation));
      }
      const auto sampler = MakeOf(v1::Sampler::TPE);
      const Point point = sampler->SuggestPoint(space, input).value();
      for (const double at : point) EXPECT_TRUE(at >= 0 && at <= 1) << at;
      EXPECT_EQ(sampler->SuggestPoint(space, input).value(), point);
    }
  }
}

TEST(TpeSampler, TakesAHundredThousandTrialsNoneOfWhichDominatesAnother) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input;
  input.seed = kModelSeed;
  for (; input.number < 100'000; ++input.number) {
    const Point point = RandomPoint(kModelSeed, static_cast<uint32_t>(input.number), 3);
    Observation observation = Completed(input.number, point, point[0]);
    observation.more_values = {-point[0]};
    input.history.Add(std::move(observation));
  }
  const Point point = MakeOf(v1::Sampler::TPE)->SuggestPoint(space, input).value();
  for (const double at : point) EXPECT_TRUE(at >= 0 && at <= 1) << at;
}

}  // namespace
}  // namespace caviar::sampling
