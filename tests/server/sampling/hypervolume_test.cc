#include "server/sampling/hypervolume.h"

#include <gtest/gtest.h>

#include <cmath>

#include "server/sampling/counter_random.h"

namespace caviar::sampling {
namespace {

constexpr uint64_t kVolumeSeed = 3;

std::vector<Values> RandomPoints(size_t count, size_t objectives) {
  std::vector<Values> points(count, Values(objectives));
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < objectives; ++k) points[i][k] = ToUnit(RandomBits(kVolumeSeed, i, k));
  }
  return points;
}

TEST(Hypervolume, IsTheAreaOfSteps) {
  EXPECT_DOUBLE_EQ(Hypervolume({{1, 3}, {2, 1}}, {4, 4}), 3 + 2 * 3 - 2);
  EXPECT_DOUBLE_EQ(Hypervolume({{1, 3}, {2, 1}, {2, 3}, {1, 3}}, {4, 4}), 7);
  EXPECT_EQ(Hypervolume({}, {4, 4}), 0);
}

TEST(Hypervolume, SeesNothingBeyondTheReference) {
  EXPECT_EQ(Hypervolume({{5, 0}, {4, 0}, {0, 4}}, {4, 4}), 0);
  EXPECT_DOUBLE_EQ(Hypervolume({{5, 0, 0}, {1, 1, 1}}, {2, 3, 4}), 1 * 2 * 3);
}

TEST(Hypervolume, IsTheShareOfPointsThatAreDominated) {
  for (const size_t objectives : {2, 3, 4}) {
    const auto points = RandomPoints(12, objectives);
    constexpr int kProbes = 200'000;
    int dominated = 0;
    for (int i = 0; i < kProbes; ++i) {
      Values probe;
      for (size_t k = 0; k < objectives; ++k) {
        probe.push_back(ToUnit(RandomBits(kVolumeSeed + 1, static_cast<uint64_t>(i), k)));
      }
      for (const Values& point : points) {
        if (!Dominates(point, probe)) continue;
        ++dominated;
        break;
      }
    }
    // Four standard deviations.
    EXPECT_NEAR(Hypervolume(points, Values(objectives, 1.0)), double(dominated) / kProbes, 0.0045)
        << objectives << " objectives, seed " << kVolumeSeed;
  }
}

TEST(PickByHypervolume, PicksWhatAddsMostEachTime) {
  for (const size_t objectives : {2, 3, 4}) {
    const auto points = RandomPoints(15, objectives);
    const Values reference(objectives, 1.1);
    const auto picked = PickByHypervolume(points, 6, reference);
    ASSERT_EQ(picked.size(), 6u);
    std::vector<Values> chosen;
    for (const size_t pick : picked) {
      const auto with = [&](size_t i) {
        auto more = chosen;
        more.push_back(points[i]);
        return Hypervolume(more, reference);
      };
      const double reached = with(pick);
      for (size_t i = 0; i < points.size(); ++i) {
        EXPECT_LE(with(i), reached + 1e-12) << objectives << " objectives, seed " << kVolumeSeed;
      }
      chosen.push_back(points[pick]);
    }
  }
}

TEST(PickByHypervolume, TakesAllWhereThereAreNoMore) {
  EXPECT_EQ(PickByHypervolume({{0.5, 0.5}, {0.5, 0.5}}, 5, {1, 1}), (std::vector<size_t>{0, 1}));
  EXPECT_TRUE(PickByHypervolume({}, 5, {1, 1}).empty());
}

}  // namespace
}  // namespace caviar::sampling
