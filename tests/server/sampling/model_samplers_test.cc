// What holds for every sampler that learns from the history.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sampler.h"

namespace caviar::sampling {
namespace {

using search_space::Configuration;
using search_space::ModelPoint;
using search_space::Point;
using search_space::SearchSpace;

constexpr uint32_t kSeed = 17;

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

SearchSpace SpaceOf(const std::string& text) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &study));
  return SearchSpace::Create(study.parameters()).value();
}

Observation Completed(int32_t number, Point point, double value) {
  Observation observation;
  observation.number = number;
  observation.value = value;
  observation.point = std::move(point);
  return observation;
}

class ModelSampler : public testing::TestWithParam<v1::Sampler::Algorithm> {
 protected:
  ModelSampler() : trace_(__FILE__, __LINE__, "seed " + std::to_string(kSeed)) {}

  static std::unique_ptr<Sampler> Make() {
    v1::Sampler definition;
    definition.set_algorithm(GetParam());
    return MakeSampler(definition).value();
  }

  // Random points, with values that `value` gives for (number, point).
  template <typename Value>
  static SamplerInput After(int trials, const SearchSpace& space, const Value& value) {
    SamplerInput input;
    input.seed = kSeed;
    input.number = trials;
    for (int i = 0; i < trials; ++i) {
      Point point = space.model().ToPoint(space.model().ToModel(
          RandomPoint(kSeed + 1, static_cast<uint32_t>(i), space.dimensions())));
      const double at = value(i, point);
      input.history.Add(Completed(i, std::move(point), at));
    }
    return input;
  }

  // The best value that a study of so many trials finds.
  template <typename Value>
  static double Best(Sampler& sampler, const SearchSpace& space, int trials, const Value& value) {
    SamplerInput input;
    input.seed = kSeed;
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

TEST_P(ModelSampler, GivesTheSameBitsFreshAndWarm) {
  for (const char* text : {kReals, kMixed}) {
    const SearchSpace space = SpaceOf(text);
    const auto warm = Make();
    SamplerInput input;
    input.seed = kSeed;
    for (; input.number < 60; ++input.number) {
      const Point point = warm->SuggestPoint(space, input).value();
      ASSERT_EQ(point, Make()->SuggestPoint(space, input).value()) << input.number;
      Observation observation = Completed(input.number, point, Bowl(point));
      if (input.number % 7 == 3) observation.state = v1::Trial::INFEASIBLE;
      if (input.number % 7 == 5) observation.state = v1::Trial::FAILED;
      if (input.number % 11 == 4) observation.number = -1 - input.number;
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
  input.seed = kSeed;
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
      all_bad.seed = kSeed;
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
  input.seed = kSeed;
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
  EXPECT_NEAR(sum / 50, 0.8, 0.1) << "seed " << kSeed;
}

TEST(CmaEsSampler, TakesPrunedTrialsForWorseThanCompletedOnes) {
  const SearchSpace space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })");
  SamplerInput input;
  input.seed = kSeed;
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
  EXPECT_NEAR(sum / 50, 0.8, 0.1) << "seed " << kSeed;
}

TEST(CmaEsSampler, StartsFromTrialsOfOtherStudies) {
  const SearchSpace space = SpaceOf(kReals);
  SamplerInput input;
  input.seed = kSeed;
  for (int i = 0; i < 100; ++i) {
    Point point = RandomPoint(kSeed, static_cast<uint32_t>(i), 3);
    const double value = Bowl(point);
    input.history.Add(Completed(-1 - i, std::move(point), value));
  }
  const auto sampler = MakeOf(v1::Sampler::CMA_ES);
  double sum = 0;
  for (; input.number < 100; ++input.number)
    sum += Bowl(sampler->SuggestPoint(space, input).value());
  // Of uniform points: .37.
  EXPECT_LT(sum / 100, 0.15) << "seed " << kSeed;
}

}  // namespace
}  // namespace caviar::sampling
