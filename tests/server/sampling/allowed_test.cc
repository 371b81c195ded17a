// Samplers and linear constraints.
#include "server/sampling/allowed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "server/sampling/distinct.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling {
namespace {

using search_space::Point;
using search_space::SearchSpace;

// b <= a, on half of the space.
constexpr char kHalf[] = R"(
    parameters { name: "a" type: DOUBLE min: 0 max: 1 grid: 30 }
    parameters { name: "b" type: DOUBLE min: 0 max: 1 grid: 30 }
    linear_constraints { coefficients { key: "a" value: 1 } coefficients { key: "b" value: -1 }
                         min: 0 })";

// Three whole numbers from 0 to 5 that add up to 5: 21 of 216 configurations.
constexpr char kParts[] = R"(
    parameters { name: "a" type: INT min: 0 max: 5 }
    parameters { name: "b" type: INT min: 0 max: 5 }
    parameters { name: "c" type: INT min: 0 max: 5 }
    linear_constraints { coefficients { key: "a" value: 1 } coefficients { key: "b" value: 1 }
                         coefficients { key: "c" value: 1 } min: 5 max: 5 })";

// Five real shares that add up to at most 1: one of 5! = 120 points of the cube.
constexpr char kCorner[] = R"(
    parameters { name: "a" type: DOUBLE min: 0 max: 1 }
    parameters { name: "b" type: DOUBLE min: 0 max: 1 }
    parameters { name: "c" type: DOUBLE min: 0 max: 1 }
    parameters { name: "d" type: DOUBLE min: 0 max: 1 }
    parameters { name: "e" type: DOUBLE min: 0 max: 1 }
    linear_constraints { coefficients { key: "a" value: 1 } coefficients { key: "b" value: 1 }
                         coefficients { key: "c" value: 1 } coefficients { key: "d" value: 1 }
                         coefficients { key: "e" value: 1 } max: 1 })";

TEST(Allowed, APointThatKeepsThemStays) {
  const SearchSpace space = SpaceOf(kHalf);
  EXPECT_EQ(Allowed(space.model(), SamplerInput(), {0.75, 0.25}), (Point{0.75, 0.25}));
}

TEST(Allowed, AnotherGoesToTheBorder) {
  const SearchSpace space = SpaceOf(kHalf);
  const auto moved = Allowed(space.model(), SamplerInput(), {0.25, 0.75});
  ASSERT_TRUE(moved);
  EXPECT_TRUE(space.model().Allows(*moved));
  EXPECT_NEAR((*moved)[0], (*moved)[1], 1e-6);
}

TEST(Allowed, DrawsAreUniformAmongWhatIsAllowed) {
  const SearchSpace space = SpaceOf(kHalf);
  double a = 0, b = 0;
  constexpr int kDraws = 4000;
  for (uint32_t i = 0; i < kDraws; ++i) {
    const auto point = DrawAllowed(space.model(), 3, i);
    ASSERT_TRUE(point && space.model().Allows(*point));
    a += (*point)[0] / kDraws;
    b += (*point)[1] / kDraws;
  }
  // Five standard errors.
  EXPECT_NEAR(a, 2.0 / 3, 0.02);
  EXPECT_NEAR(b, 1.0 / 3, 0.02);
}

TEST(Allowed, TheSobolSequenceLeavesOutWhatIsNotAllowed) {
  const SearchSpace space = SpaceOf(kHalf);
  AllowedSobol warm;
  int left = 0;
  for (uint32_t i = 0; i < 256; ++i) {
    const Point point = warm.At(space, 9, i);
    EXPECT_TRUE(space.model().Allows(point));
    EXPECT_EQ(AllowedSobol().At(space, 9, i), point);
    left += point[0] < std::sqrt(0.5) ? 1 : 0;  // half of the triangle
  }
  // Random points would be off by eight or more in a third of all seeds.
  EXPECT_NEAR(left, 128, 8);
  EXPECT_NE(warm.At(space, 10, 0), warm.At(space, 9, 0));
}

class ConstrainedSampler : public testing::TestWithParam<v1::Sampler::Algorithm> {
 protected:
  static std::unique_ptr<Sampler> Make() {
    v1::Sampler definition;
    definition.set_algorithm(GetParam());
    return MakeSampler(definition).value();
  }
};

TEST_P(ConstrainedSampler, KeepsThemAndSuggestsTheSameWhenAskedAnew) {
  constexpr uint32_t kSeed = 23;
  SCOPED_TRACE(kSeed);
  for (const char* text : {kHalf, kCorner}) {
    const SearchSpace space = SpaceOf(text);
    const auto warm = Make();
    SamplerInput input;
    input.seed = kSeed;
    input.max_trials = 40;
    for (input.number = 0; input.number < 40; ++input.number) {
      const auto configuration = Suggest(*warm, space, input);
      ASSERT_TRUE(configuration);
      const Point point = space.ToPoint(*configuration).value();
      EXPECT_TRUE(space.model().Allows(point)) << TextOf(*configuration);
      if (input.number % 7 == 0) {
        EXPECT_EQ(TextOf(Suggest(*Make(), space, input).value()), TextOf(*configuration));
      }
      // The best place is where the constraints forbid it.
      Observation observation;
      observation.number = input.number;
      observation.point = point;
      for (const double x : point) observation.value -= x;
      if (input.number % 3 == 2) {
        input.pending.assign(1, {point, {}});
      } else {
        input.history.Add(observation);
      }
    }
  }
}

TEST_P(ConstrainedSampler, EndsWhenAllThatIsAllowedWasTried) {
  const SearchSpace space = SpaceOf(kParts);
  const auto sampler = Make();
  SamplerInput input;
  std::set<std::string> seen;
  for (input.number = 0; input.number < 30; ++input.number) {
    const auto configuration = Suggest(*sampler, space, input);
    if (!configuration) break;
    EXPECT_TRUE(seen.insert(TextOf(*configuration)).second);
    Observation observation;
    observation.number = input.number;
    observation.point = space.ToPoint(*configuration).value();
    EXPECT_TRUE(space.model().Allows(observation.point));
    input.history.Add(observation);
  }
  EXPECT_EQ(seen.size(), 21u);
}

TEST_P(ConstrainedSampler, SaysWhetherItFindsAConfiguration) {
  v1::Sampler definition;
  definition.set_algorithm(GetParam());
  EXPECT_TRUE(FindsConfigurations(SpaceOf(kHalf), definition));
  EXPECT_TRUE(FindsConfigurations(SpaceOf(kParts), definition));
  // Each can be kept, both cannot.
  EXPECT_FALSE(
      FindsConfigurations(SpaceOf(std::string(kParts) +
                                  R"(linear_constraints { coefficients { key: "a" value: 1 }
                                      coefficients { key: "b" value: 1 } min: 6 })"),
                          definition));
}

INSTANTIATE_TEST_SUITE_P(All, ConstrainedSampler,
                         testing::Values(v1::Sampler::RANDOM, v1::Sampler::SOBOL, v1::Sampler::GRID,
                                         v1::Sampler::COARSE_TO_FINE, v1::Sampler::TPE,
                                         v1::Sampler::GP, v1::Sampler::CMA_ES, v1::Sampler::AUTO),
                         [](const auto& info) { return v1::Sampler::Algorithm_Name(info.param); });

}  // namespace
}  // namespace caviar::sampling
