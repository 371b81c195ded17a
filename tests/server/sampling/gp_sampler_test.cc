#include "server/sampling/gp_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "server/sampling/random_sampler.h"
#include "tests/server/sampling/observations.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

SearchSpace MixedSpace() {
  return SpaceOf(R"(
      parameters { name: "rate" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
      parameters { name: "units" type: INT min: 1 max: 500 }
      parameters { name: "layers" type: INT min: 1 max: 4 }
      parameters { name: "decay" type: BOOL }
      parameters { name: "strength" type: DOUBLE min: 0 max: 1
                   when { parameter: "decay" values { bool_value: true } } }
      parameters { name: "kind" type: CATEGORICAL values { string_value: "a" }
                   values { string_value: "b" } values { string_value: "c" } })");
}

double SlantedBowl(const Point& point) {
  double sum = 0;
  for (size_t i = 0; i < point.size(); ++i) sum += std::pow(point[i] - 0.3 - 0.1 * i, 2);
  return sum;
}

// A history of random configurations.
SamplerInput RandomInput(const SearchSpace& space, int size, uint32_t seed,
                         const std::function<double(const Point&)>& value) {
  SamplerInput input;
  input.seed = seed;
  input.number = size;
  for (int i = 0; i < size; ++i) {
    const Point raw = RandomPoint(seed, static_cast<uint32_t>(i), space.dimensions());
    const Point point = space.ToPoint(space.ToConfiguration(raw)).value();
    input.history.Add(Completed(i, point, value(point)));
  }
  return input;
}

// Of trials one after the other.
double BestOf(Sampler& sampler, const SearchSpace& space, int trials,
              const std::function<double(const Point&)>& value) {
  SamplerInput input;
  input.seed = 3;
  double best = std::numeric_limits<double>::infinity();
  for (input.number = 0; input.number < trials; ++input.number) {
    const Point point = space.ToPoint(Suggest(sampler, space, input).value()).value();
    best = std::min(best, value(point));
    input.history.Add(Completed(input.number, point, value(point)));
  }
  return best;
}

TEST(GpSampler, BeginsAtTheCentre) {
  GpSampler sampler;
  EXPECT_THAT(*sampler.SuggestPoint(PlainSpace(), {}), testing::ElementsAre(0.5, 0.5));
  EXPECT_TRUE(sampler.UsesHistory());
}

TEST(GpSampler, FindsTheBottomOfABowlInTwentyTrials) {
  GpSampler sampler;
  EXPECT_LT(BestOf(sampler, PlainSpace(), 20, SlantedBowl), 1e-4);
}

TEST(GpSampler, FindsTheBestCategoryAndWholeNumber) {
  const SearchSpace space = MixedSpace();
  const auto value = [&](const Point& point) {
    const auto configuration = space.ToConfiguration(point);
    double sum = std::abs(std::log10(configuration.at("rate").double_value()) + 2);
    sum += std::abs(static_cast<double>(configuration.at("layers").int_value()) - 3);
    if (configuration.at("kind").string_value() != "b") sum += 1;
    const auto strength = configuration.find("strength");
    return sum + (strength == configuration.end() ? 0.5 : strength->second.double_value() / 2);
  };
  GpSampler sampler;
  EXPECT_LT(BestOf(sampler, space, 50, value), 0.1);
}

TEST(GpSampler, GivesTheSameBitsFreshAndWarm) {
  for (const SearchSpace& space : {PlainSpace(), MixedSpace()}) {
    GpSampler warm;
    const SamplerInput all = RandomInput(space, 60, 5, SlantedBowl);
    for (const int size : {1, 2, 3, 30, 41, 60, 12}) {
      SamplerInput input;
      input.seed = 5;
      input.number = size;
      for (int i = 0; i < size; ++i) input.history.Add(all.history[static_cast<size_t>(i)]);
      input.pending.push_back({all.history[7].point, {}});
      GpSampler fresh;
      EXPECT_EQ(warm.SuggestPoint(space, input), fresh.SuggestPoint(space, input)) << size;
    }
  }
}

TEST(GpSampler, ForgetsAHistoryThatIsAnother) {
  const SearchSpace space = PlainSpace();
  const SamplerInput one = RandomInput(space, 20, 1, SlantedBowl),
                     other = RandomInput(space, 20, 2, SlantedBowl);
  GpSampler warm, fresh;
  warm.SuggestPoint(space, one);
  EXPECT_EQ(warm.SuggestPoint(space, other), fresh.SuggestPoint(space, other));
  // And one of another space.
  GpSampler fresh_mixed;
  const SamplerInput mixed = RandomInput(MixedSpace(), 20, 2, SlantedBowl);
  EXPECT_EQ(warm.SuggestPoint(MixedSpace(), mixed), fresh_mixed.SuggestPoint(MixedSpace(), mixed));
}

TEST(GpSampler, LearnsNothingFromFailedCancelledAndPrunedTrials) {
  const SearchSpace space = PlainSpace();
  SamplerInput with = RandomInput(space, 10, 4, SlantedBowl), without = with;
  for (const auto state : {v1::Trial::FAILED, v1::Trial::CANCELLED, v1::Trial::PRUNED}) {
    Observation observation = Completed(50 + state, {0.3, 0.4}, -1e9);
    observation.state = state;
    with.history.Add(observation);
  }
  GpSampler sampler;
  EXPECT_EQ(sampler.SuggestPoint(space, with), sampler.SuggestPoint(space, without));
}

TEST(GpSampler, KeepsAwayFromWhereTrialsWereInfeasible) {
  const SearchSpace space = PlainSpace();
  SamplerInput input = RandomInput(space, 30, 6, SlantedBowl);
  History history;
  for (size_t i = 0; i < input.history.size(); ++i) {
    Observation observation = input.history[i];
    if (observation.point[0] > 0.5) observation.state = v1::Trial::INFEASIBLE;
    history.Add(observation);
  }
  input.history = history;
  GpSampler sampler;
  int feasible = 0;
  for (input.number = 30; input.number < 40; ++input.number) {
    feasible += (*sampler.SuggestPoint(space, input))[0] <= 0.5;
  }
  EXPECT_GE(feasible, 7);
}

TEST(GpSampler, SpreadsWorkersThatAskAtOnce) {
  const SearchSpace space = PlainSpace();
  for (const int seen : {0, 1, 20}) {
    SamplerInput input = RandomInput(space, seen, 8, SlantedBowl);
    GpSampler sampler;
    for (int worker = 0; worker < 16; ++worker, ++input.number) {
      const Point point = *sampler.SuggestPoint(space, input);
      for (const Pending& other : input.pending) {
        EXPECT_GT(std::hypot(point[0] - other.point[0], point[1] - other.point[1]), 1e-3)
            << seen << " " << worker;
      }
      input.pending.push_back({point, {}});
    }
  }
}

TEST(GpSampler, StandsHistoriesThatSayNothing) {
  constexpr double kHuge = std::numeric_limits<double>::max();
  for (const SearchSpace& space : {PlainSpace(), MixedSpace()}) {
    int which = 0;
    for (const auto& value : std::vector<std::function<double(const Point&)>>{
             [](const Point&) { return 0.0; },
             [](const Point& p) { return p[0] > 0.5 ? kHuge : -kHuge; },
             [](const Point& p) { return std::ldexp(p[0], -1060); },
             [](const Point&) { return std::numeric_limits<double>::quiet_NaN(); },
             [&](const Point&) { return which++ % 2 == 0 ? 1.0 : -1.0; }}) {
      for (const int size : {1, 2, 50}) {
        GpSampler sampler;
        ExpectInside(space, *sampler.SuggestPoint(space, RandomInput(space, size, 9, value)));
      }
    }
    // One configuration again and again, and nothing but infeasible ones.
    SamplerInput same, infeasible;
    same.number = infeasible.number = 40;
    const Point middle(static_cast<size_t>(space.dimensions()), 0.5);
    for (int i = 0; i < 40; ++i) {
      same.history.Add(Completed(i, middle, i % 3));
      Observation observation = Completed(i, middle, 0);
      observation.state = v1::Trial::INFEASIBLE;
      infeasible.history.Add(observation);
    }
    GpSampler sampler;
    ExpectInside(space, *sampler.SuggestPoint(space, same));
    ExpectInside(space, *sampler.SuggestPoint(space, infeasible));
  }
}

TEST(GpSampler, UsesUpASmallSpace) {
  for (const char* text :
       {R"(parameters { name: "a" type: INT min: 1 max: 5 } parameters { name: "b" type: BOOL })",
        R"(parameters { name: "a" type: CATEGORICAL values { int_value: 1 } })"}) {
    const SearchSpace space = SpaceOf(text);
    GpSampler sampler;
    SamplerInput input;
    std::set<std::string> seen;
    while (const auto configuration = Suggest(sampler, space, input)) {
      std::string key;
      for (const auto& [name, value] : *configuration) key += value.ShortDebugString();
      EXPECT_TRUE(seen.insert(key).second) << key;
      const Point point = space.ToPoint(*configuration).value();
      input.history.Add(Completed(input.number, point, input.number % 3));
      ASSERT_LE(++input.number, 10);
    }
    EXPECT_EQ(static_cast<double>(seen.size()), space.model().configurations());
  }
}

TEST(GpSampler, StandsAHundredThousandTrials) {
  const SearchSpace space = PlainSpace();
  GpSampler sampler;
  ExpectInside(space, *sampler.SuggestPoint(space, RandomInput(space, 100000, 10, SlantedBowl)));
}

}  // namespace
}  // namespace caviar::sampling
