#include "server/sampling/gp_outcomes_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/sampling/gp_sampler.h"
#include "server/sampling/hypervolume.h"
#include "server/sampling/random_sampler.h"
#include "tests/server/sampling/observations.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

// What a trial brings.
struct Result {
  std::vector<double> objectives;
  std::vector<double> excesses;
  double variance = 0;
};
using Trial = std::function<Result(const Point&)>;

SearchSpace SmallMixedSpace() {
  return SpaceOf(R"(
      parameters { name: "rate" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
      parameters { name: "units" type: INT min: 1 max: 500 }
      parameters { name: "decay" type: BOOL }
      parameters { name: "strength" type: DOUBLE min: 0 max: 1
                   when { parameter: "decay" values { bool_value: true } } }
      parameters { name: "kind" type: CATEGORICAL values { string_value: "a" }
                   values { string_value: "b" } values { string_value: "c" } })");
}

// No objectives: INFEASIBLE.
Observation ObservationOf(int32_t number, const Point& point, const Result& result) {
  Observation observation;
  observation.number = number;
  observation.point = point;
  if (result.objectives.empty()) {
    observation.state = v1::Trial::INFEASIBLE;
    return observation;
  }
  observation.value = result.objectives[0];
  observation.more_values.assign(result.objectives.begin() + 1, result.objectives.end());
  observation.excesses = result.excesses;
  if (result.variance > 0) observation.variance = result.variance;
  return observation;
}

Point RandomConfiguration(const SearchSpace& space, uint32_t seed, int i) {
  const Point raw = RandomPoint(seed, static_cast<uint32_t>(i), space.dimensions());
  return space.ToPoint(space.ToConfiguration(raw)).value();
}

SamplerInput RandomInput(const SearchSpace& space, int size, uint32_t seed, const Trial& trial) {
  SamplerInput input;
  input.seed = seed;
  input.number = size;
  for (int i = 0; i < size; ++i) {
    const Point point = RandomConfiguration(space, seed, i);
    input.history.Add(ObservationOf(i, point, trial(point)));
  }
  return input;
}

std::shared_ptr<const std::vector<std::vector<Observation>>> EarlierStudy(const SearchSpace& space,
                                                                          int size,
                                                                          const Trial& trial) {
  std::vector<Observation> study;
  for (int i = 0; i < size; ++i) {
    const Point point = RandomConfiguration(space, 77, i);
    study.push_back(ObservationOf(i, point, trial(point)));
  }
  return std::make_shared<std::vector<std::vector<Observation>>>(1, std::move(study));
}

// Trials one after the other.
SamplerInput RunTrials(const SearchSpace& space, int trials, SamplerInput input,
                       const Trial& trial) {
  GpSampler sampler;
  for (; input.number < trials; ++input.number) {
    const Point point = space.ToPoint(Suggest(sampler, space, input).value()).value();
    input.history.Add(ObservationOf(input.number, point, trial(point)));
  }
  return input;
}

double BestFeasible(const History& history) {
  double best = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < history.size(); ++i) {
    const auto& excesses = history[i].excesses;
    if (std::all_of(excesses.begin(), excesses.end(), [](double excess) { return excess <= 0; })) {
      best = std::min(best, history[i].value);
    }
  }
  return best;
}

double Squared(const Point& point, double x, double y) {
  return (point[0] - x) * (point[0] - x) + (point[1] - y) * (point[1] - y);
}

// The lowest sum of coordinates at least .6 away from the corner: sqrt(.36) at either axis.
Result OutsideACircle(const Point& point) {
  return {{point[0] + 2 * point[1]}, {0.36 - Squared(point, 0, 0)}};
}

TEST(GpOutcomesSampler, FindsTheBestThatKeepsAConstraint) {
  const SamplerInput input = RunTrials(PlainSpace(), 25, {}, OutsideACircle);
  EXPECT_LT(BestFeasible(input.history), 0.61);
}

TEST(GpOutcomesSampler, FindsASmallFeasibleRegion) {
  const auto disc = [](const Point& point) -> Result {
    return {{point[0]}, {Squared(point, 0.85, 0.2) - 0.01, point[1] - 0.22}};
  };
  EXPECT_LT(BestFeasible(RunTrials(PlainSpace(), 30, {}, disc).history), 0.78);
}

TEST(GpOutcomesSampler, SpreadsAlongAFront) {
  const auto two = [](const Point& point) -> Result {
    return {{Squared(point, 0.2, 0.5), Squared(point, 0.8, 0.5)}, {}};
  };
  const SamplerInput input = RunTrials(PlainSpace(), 30, {}, two);
  std::vector<Values> found;
  for (size_t i = 0; i < input.history.size(); ++i) {
    found.push_back({input.history[i].value, input.history[i].more_values[0]});
  }
  // Of what 1,000 points of the front have.
  std::vector<Values> all;
  for (int i = 0; i <= 1000; ++i) {
    const double t = 0.6e-3 * i;
    all.push_back({t * t, (0.6 - t) * (0.6 - t)});
  }
  EXPECT_GT(Hypervolume(found, {0.4, 0.4}), 0.97 * Hypervolume(all, {0.4, 0.4}));
}

TEST(GpOutcomesSampler, BeginsWhereAnEarlierStudyEnded) {
  const SearchSpace space = PlainSpace();
  const auto bowl = [](const Point& point) -> Result { return {{Squared(point, 0.8, 0.3)}, {}}; };
  SamplerInput input;
  input.warm_start = EarlierStudy(space, 60, bowl);
  GpSampler sampler;
  const Point first = *sampler.SuggestPoint(space, input);
  EXPECT_LT(Squared(first, 0.8, 0.3), 0.01);
  // A second worker does not get the same.
  input.number = 1;
  input.pending.push_back({first, {}});
  const Point second = *sampler.SuggestPoint(space, input);
  EXPECT_GT(Squared(second, first[0], first[1]), 1e-6);
}

TEST(GpOutcomesSampler, IsNotLedAstrayByAnotherKindOfStudy) {
  const SearchSpace space = PlainSpace();
  SamplerInput input;
  input.warm_start = EarlierStudy(space, 60, [](const Point& point) -> Result {
    return {{-Squared(point, 0.8, 0.3)}, {}};
  });
  const auto bowl = [](const Point& point) -> Result { return {{Squared(point, 0.8, 0.3)}, {}}; };
  EXPECT_LT(BestFeasible(RunTrials(space, 25, input, bowl).history), 1e-3);
}

// Of two configurations that measured alike, the one whose mean is less sure is trusted less.
TEST(GpOutcomesSampler, DoubtsWhatIsNoisy) {
  const SearchSpace space = PlainSpace();
  const auto layout = gp::PointLayout(space.model());
  const auto mean_at_dip = [&](double variance) {
    gp::StudyTable table({1, 0});
    for (int i = 0; i < 30; ++i) {
      const Point point = RandomConfiguration(space, 5, i);
      Result result{{point[0] + point[1]}, {}};
      if (i == 29) result = {{-1}, {}, variance};
      table.Add(space.model(), ObservationOf(i, point, result), static_cast<uint64_t>(i));
    }
    gp::ObjectiveModel model(space.model(), layout, {}, 0);
    const auto fitted = model.Fit(table, table.Chosen(30), {}, true);
    return gp::PredictionsAt(*fitted.model, layout, {table.points()[29]})[0].mean;
  };
  EXPECT_LT(mean_at_dip(1e-6) + 0.05, mean_at_dip(1));
}

TEST(GpOutcomesSampler, LeavesStudiesWithoutTheseToTheOther) {
  SamplerInput input = RandomInput(PlainSpace(), 3, 1, [](const Point& point) -> Result {
    return {{point[0]}, {}};
  });
  EXPECT_FALSE(gp::OutcomesSampler::IsFor(input));
  input.warm_start = std::make_shared<std::vector<std::vector<Observation>>>();
  EXPECT_FALSE(gp::OutcomesSampler::IsFor(input));
  for (const Trial& trial : std::vector<Trial>{[](const Point&) -> Result {
                                                 return {{1, 2}, {}};
                                               },
                                               [](const Point&) -> Result {
                                                 return {{1}, {-1}};
                                               },
                                               [](const Point&) -> Result {
                                                 return {{1}, {}, 0.1};
                                               }}) {
    EXPECT_TRUE(gp::OutcomesSampler::IsFor(RandomInput(PlainSpace(), 3, 1, trial)));
  }
}

// Studies of every kind, each by its name.
std::vector<std::pair<std::string, Trial>> Kinds() {
  std::vector<std::pair<std::string, Trial>> kinds;
  const auto add = [&](const std::string& name, const Trial& trial) {
    kinds.emplace_back(name, trial);
  };
  for (const int objectives : {1, 2, 3, 4}) {
    add(std::to_string(objectives) + " objectives, constrained", [=](const Point& point) {
      Result result{{}, {point[1] - 0.6, 0.2 - point[0]}};
      for (int i = 0; i < objectives; ++i) {
        result.objectives.push_back(Squared(point, 0.2 * i, 1 - 0.25 * i));
      }
      return result;
    });
  }
  add("noisy", [](const Point& point) -> Result { return {{point[0]}, {}, point[1]}; });
  add("none feasible", [](const Point& point) -> Result { return {{point[0]}, {1 + point[1]}}; });
  add("some without an outcome", [](const Point& point) -> Result {
    return point[0] < 0.4 ? Result{} : Result{{point[0], point[1]}, {point[0] - 0.5}};
  });
  add("excesses that are no numbers", [](const Point& point) -> Result {
    return {{point[0]}, {point[1] < 0.5 ? kNaN : 1 / kNaN, point[0] - 0.5}};
  });
  add("an objective that is no number", [](const Point& point) -> Result {
    return {{point[0], point[1] < 0.5 ? kNaN : 1}, {}};
  });
  add("all equal", [](const Point&) -> Result { return {{1, 2, 3}, {0}}; });
  add("one constant", [](const Point& point) -> Result { return {{7, point[0]}, {}}; });
  add("huge", [](const Point& point) -> Result {
    const double huge = point[0] < 0.5 ? -1e308 : 1e308;
    return {{huge, -huge}, {huge}};
  });
  return kinds;
}

// The same, with the first `size` observations only.
SamplerInput Beginning(const SamplerInput& input, size_t size) {
  SamplerInput beginning = input;
  beginning.history = History();
  for (size_t i = 0; i < size; ++i) beginning.history.Add(input.history[i]);
  beginning.number = static_cast<int32_t>(size);
  return beginning;
}

// Sanitizers make the models fifty times as slow.
#ifdef __SANITIZE_ADDRESS__
constexpr int kManyTrials = 300;
std::vector<SearchSpace> SpacesToTry() { return {SmallMixedSpace()}; }
#else
constexpr int kManyTrials = 5000;
std::vector<SearchSpace> SpacesToTry() { return {PlainSpace(), SmallMixedSpace()}; }
#endif

TEST(GpOutcomesSampler, GivesTheSameBitsFreshAndWarmInsideTheSpace) {
  for (const SearchSpace& space : SpacesToTry()) {
    for (const auto& [name, trial] : Kinds()) {
      SCOPED_TRACE(name);
      SamplerInput input = RandomInput(space, 14, 21, trial);
      input.warm_start = EarlierStudy(space, 20, trial);
      GpSampler warm;
      for (const size_t size : {0u, 1u, 2u, 13u, 14u, 6u}) {
        SamplerInput now = Beginning(input, size);
        if (size == 13) now.warm_start = nullptr;
        for (int i = 0; i < 2 && size > 2; ++i) {
          now.pending.push_back({RandomConfiguration(space, 22, i), {}});
        }
        GpSampler fresh;
        const Point point = *fresh.SuggestPoint(space, now);
        EXPECT_EQ(*warm.SuggestPoint(space, now), point) << size;
        ExpectInside(space, point);
      }
    }
  }
}

TEST(GpOutcomesSampler, StandsOneConfigurationAgainAndAgain) {
  const SearchSpace space = PlainSpace();
  for (const auto& [name, trial] : Kinds()) {
    SCOPED_TRACE(name);
    SamplerInput input;
    input.number = 20;
    for (int i = 0; i < 20; ++i) {
      input.history.Add(ObservationOf(i, {0.5, 0.5}, trial({0.5, 0.5})));
    }
    ExpectInside(space, *GpSampler().SuggestPoint(space, input));
  }
}

TEST(GpOutcomesSampler, HasNothingToChooseInASpaceOfOneConfiguration) {
  const SearchSpace space =
      SpaceOf(R"(parameters { name: "a" type: CATEGORICAL values { int_value: 1 } })");
  const SamplerInput input = RandomInput(space, 2, 1, [](const Point&) -> Result {
    return {{1, 2}, {3}};
  });
  ExpectInside(space, *GpSampler().SuggestPoint(space, input));
}

TEST(GpOutcomesSampler, StandsThousandsOfTrials) {
  const SearchSpace space = PlainSpace();
  const auto trial = [](const Point& point) -> Result {
    return {{point[0], Squared(point, 0.5, 0.5), 1 - point[0] * point[1]}, {0.2 - point[0]}};
  };
  ExpectInside(space, *GpSampler().SuggestPoint(space, RandomInput(space, kManyTrials, 4, trial)));
}

}  // namespace
}  // namespace caviar::sampling
