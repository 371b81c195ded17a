// What holds for every sampler that learns, in studies whose pruner has rungs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sampler.h"
#include "tests/server/sampling/observations.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

constexpr uint32_t kPrunedSeed = 29;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kHuge = std::numeric_limits<double>::max();

constexpr const char* kNetworkSpace = R"(
    parameters { name: "rate" type: DOUBLE min: 1e-4 max: 1 scale: LOG }
    parameters { name: "layers" type: INT min: 1 max: 4 }
    parameters { name: "optimizer" type: CATEGORICAL
                 values { string_value: "sgd" } values { string_value: "adam" } }
    parameters { name: "momentum" type: DOUBLE min: 0.5 max: 0.999 scale: ONE_MINUS_LOG
                 when { parameter: "optimizer" values { string_value: "sgd" } } })";

// Steps of a curve that falls to where the point is.
double ValueAt(const Point& point, int rung) {
  return std::pow(point[0] - 0.3, 2) + (1 + point[1]) / (1 + rung);
}

class PrunedTrials : public testing::TestWithParam<v1::Sampler::Algorithm> {
 protected:
  PrunedTrials() : trace_(__FILE__, __LINE__, "seed " + std::to_string(kPrunedSeed)) {}

  static std::unique_ptr<Sampler> Make() {
    v1::Sampler definition;
    definition.set_algorithm(GetParam());
    return MakeSampler(definition).value();
  }

  static double Draw(int number, int what) {
    return ToUnit(
        RandomBits(kPrunedSeed, static_cast<uint64_t>(number), static_cast<uint64_t>(what)));
  }

  // Trials that end or stop or break somewhere; what each of them brings, `rungs_of` says.
  template <typename RungsOf>
  static SamplerInput After(const SearchSpace& space, int trials, const RungsOf& rungs_of) {
    SamplerInput input;
    input.seed = kPrunedSeed;
    input.number = trials;
    for (int i = 0; i < trials; ++i) {
      const Point raw = RandomPoint(kPrunedSeed, static_cast<uint32_t>(i), space.dimensions());
      Observation observation;
      observation.number = i;
      observation.point = space.ToPoint(space.ToConfiguration(raw)).value();
      observation.rungs = rungs_of(i, observation.point, observation.state);
      if (observation.state == v1::Trial::COMPLETED) {
        observation.value = ValueAt(observation.point, 9);
      }
      input.history.Add(std::move(observation));
    }
    return input;
  }

  static void ExpectInside(const SearchSpace& space, const SamplerInput& input) {
    const auto sampler = Make();
    const auto configuration = Suggest(*sampler, space, input);
    ASSERT_TRUE(configuration);
    EXPECT_TRUE(space.ToPoint(*configuration).ok());
    EXPECT_EQ(TextOf(*configuration), TextOf(*Suggest(*Make(), space, input)));
  }

 private:
  const testing::ScopedTrace trace_;
};

INSTANTIATE_TEST_SUITE_P(Algorithms, PrunedTrials,
                         testing::Values(v1::Sampler::AUTO, v1::Sampler::GP, v1::Sampler::TPE,
                                         v1::Sampler::CMA_ES, v1::Sampler::COARSE_TO_FINE),
                         [](const auto& info) { return v1::Sampler::Algorithm_Name(info.param); });

TEST_P(PrunedTrials, GiveTheSameBitsFreshAndWarm) {
  const SearchSpace space = SpaceOf(kNetworkSpace);
  const auto warm = Make();
  SamplerInput input;
  input.seed = kPrunedSeed;
  for (; input.number < 40; ++input.number) {
    const Point point = warm->SuggestPoint(space, input).value();
    ASSERT_EQ(point, Make()->SuggestPoint(space, input).value()) << input.number;
    // Each trial reaches a rung more with every other that begins, and four run at once.
    input.pending.push_back({space.ToPoint(space.ToConfiguration(point)).value(), {}});
    for (Pending& pending : input.pending) {
      if (pending.rungs.size() < 3) {
        pending.rungs.push_back(ValueAt(pending.point, static_cast<int>(pending.rungs.size())));
      }
    }
    if (input.pending.size() < 4) continue;
    Observation observation;
    observation.number = input.number - 3;
    observation.point = input.pending.front().point;
    observation.rungs = input.pending.front().rungs;
    observation.value = ValueAt(observation.point, 9);
    if (input.number % 3 != 0) {
      observation.state = v1::Trial::PRUNED;
      observation.rungs.resize(1 + static_cast<size_t>(input.number % 2));
    }
    if (input.number % 11 == 7) observation.state = v1::Trial::INFEASIBLE;
    if (input.number % 13 == 5) observation.state = v1::Trial::FAILED;
    input.history.Add(std::move(observation));
    input.pending.erase(input.pending.begin());
  }
}

TEST_P(PrunedTrials, BreakNoSampler) {
  using State = v1::Trial::State;
  const SearchSpace space = SpaceOf(kNetworkSpace);
  const auto values = std::vector<double>{0, 1, -1, kNaN, kInfinity, -kInfinity, kHuge, -kHuge};
  for (const int trials : {0, 1, 2, 7, 60}) {
    SCOPED_TRACE(trials);
    // All PRUNED, all equal.
    ExpectInside(space, After(space, trials, [](int, const Point&, State& state) {
                   state = v1::Trial::PRUNED;
                   return std::vector<double>(2, 0.5);
                 }));
    // All PRUNED before their first rung.
    ExpectInside(space, After(space, trials, [](int, const Point&, State& state) {
                   state = v1::Trial::PRUNED;
                   return std::vector<double>();
                 }));
    // All PRUNED with NaN.
    ExpectInside(space, After(space, trials, [](int, const Point&, State& state) {
                   state = v1::Trial::PRUNED;
                   return std::vector<double>(1, kNaN);
                 }));
    // COMPLETED and PRUNED ones whose rungs are of any length and any value.
    SamplerInput any = After(space, trials, [&](int number, const Point&, State& state) {
      const auto states =
          std::vector<State>{v1::Trial::COMPLETED, v1::Trial::PRUNED, v1::Trial::INFEASIBLE,
                             v1::Trial::FAILED, v1::Trial::CANCELLED};
      state = states[static_cast<size_t>(5 * Draw(number, 0))];
      std::vector<double> rungs;
      const int count = static_cast<int>(6 * Draw(number, 1));
      for (int i = 0; i < count; ++i) {
        rungs.push_back(values[static_cast<size_t>(8 * Draw(number, 2 + i))]);
      }
      return rungs;
    });
    ExpectInside(space, any);
    // And those that run.
    for (int i = 0; i < 20; ++i) {
      const Point raw = RandomPoint(kPrunedSeed + 1, static_cast<uint32_t>(i), space.dimensions());
      any.pending.push_back({space.ToPoint(space.ToConfiguration(raw)).value(),
                             std::vector<double>(static_cast<size_t>(i % 4), values[i % 8])});
    }
    ExpectInside(space, any);
  }
}

TEST_P(PrunedTrials, MayBeVeryMany) {
  const SearchSpace space = SpaceOf(kNetworkSpace);
  ExpectInside(space,
               After(space, 10000, [](int number, const Point& point, v1::Trial::State& state) {
                 const int reached = number % 9 == 0 ? 3 : number % 3 == 0 ? 2 : 1;
                 if (number % 27 != 0) state = v1::Trial::PRUNED;
                 std::vector<double> rungs;
                 for (int rung = 0; rung < reached; ++rung) rungs.push_back(ValueAt(point, rung));
                 return rungs;
               }));
}

}  // namespace
}  // namespace caviar::sampling
