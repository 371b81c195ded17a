#include "server/sampling/tpe_mixture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "caviar/v1/study.pb.h"
#include "server/sampling/counter_random.h"
#include "server/search_space/search_space.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling::tpe {
namespace {

constexpr MixtureSettings kSettings = {.prior = 1, .bandwidth = 0.2, .by_spread = true};

TEST(Mixture, HasAsMuchDensityAsUniformPoints) {
  const auto space = SpaceOf(R"(
      parameters { name: "x" type: DOUBLE min: 0 max: 1 }
      parameters { name: "n" type: INT min: 1 max: 5 }
      parameters { name: "c" type: BOOL })");
  Kernels kernels(space.model());
  for (const auto& point : {std::vector{0.05, 0.1, 0.0}, {0.4, 0.7, 1.0}, {0.9, 0.9, 1.0}}) {
    kernels.Add(space.model(), space.model().ToModel({point[0], point[1], point[2] ? 0.75 : 0.25}));
  }
  Mixture mixture(space.model(), kernels, 0, {1, 2, 0.5}, kSettings);
  constexpr int kSteps = 2000;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    for (int n = 0; n < 5; ++n) {
      for (int c = 0; c < 2; ++c) {
        sum += mixture.Density(
            {(i + 0.5) / kSteps, space.model().axis(1).places[static_cast<size_t>(n)], double(c)});
      }
    }
  }
  EXPECT_NEAR(sum / (kSteps * 10), 1, 2e-4);
}

TEST(Mixture, DrawsWhereItsDensityIs) {
  constexpr uint64_t kSeed = 5;
  const auto space = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })");
  Kernels kernels(space.model());
  kernels.Add(space.model(), {0.2});
  kernels.Add(space.model(), {0.95});
  Mixture mixture(space.model(), kernels, 0, {1, 1}, kSettings);
  uint64_t counter = 0;
  const auto uniform = [&] { return ToUnit(RandomBits(kSeed, 0, counter++)); };
  constexpr int kDraws = 20000, kBins = 10, kParts = 100;
  std::vector<double> share(kBins), density(kBins);
  for (int i = 0; i < kDraws; ++i) {
    share[static_cast<size_t>(mixture.Draw(uniform)[0] * kBins)] += 1.0 / kDraws;
  }
  for (int i = 0; i < kBins * kParts; ++i) {
    density[static_cast<size_t>(i / kParts)] +=
        mixture.Density({(i + 0.5) / (kBins * kParts)}) / (kBins * kParts);
  }
  for (size_t bin = 0; bin < kBins; ++bin) EXPECT_NEAR(share[bin], density[bin], 0.015) << bin;
}

TEST(Mixture, LeavesInactiveAxesOutOfTheProduct) {
  const auto space = SpaceOf(R"(
      parameters { name: "c" type: BOOL }
      parameters { name: "x" type: DOUBLE min: 0 max: 1
                   when { parameter: "c" values { bool_value: true } } })");
  Kernels kernels(space.model());
  kernels.Add(space.model(), {0, std::nan("")});
  kernels.Add(space.model(), {1, 0.2});
  // Only the first trial counts, which lacks x: its kernel is uniform there.
  Mixture lacking(space.model(), kernels, 0, {1, 0}, kSettings);
  EXPECT_DOUBLE_EQ(lacking.Density({1, 0.2}), lacking.Density({1, 0.9}));
  Mixture both(space.model(), kernels, 0, {1, 1}, kSettings);
  EXPECT_GT(both.Density({1, 0.2}), both.Density({1, 0.9}));
}

}  // namespace
}  // namespace caviar::sampling::tpe
