#include "server/sampling/counter_random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <vector>

#include "server/sampling/random_sampler.h"

namespace caviar::sampling {
namespace {

// Kolmogorov and Smirnov's distance from the uniform distribution, times sqrt(n): above 1.95 in one
// of 1,000 uniform samples.
double UniformityDistance(std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, sample[i] - rank / n, (rank + 1) / n - sample[i]});
  }
  return distance * std::sqrt(n);
}

TEST(RandomBits, AreAFunctionOfTheirKeyForAllTime) {
  // Studies are replayed by later releases: these must never change.
  EXPECT_EQ(RandomBits(0, 0, 0), 0x238275bc38fcbe91U);
  EXPECT_EQ(RandomBits(1, 2, 3), 0xd0734750fde362b3U);
  EXPECT_EQ(RandomBits(7, 0, 255), 0xba80eab89fa95b4fU);
}

TEST(RandomBits, DifferForKeysThatAreNeighbours) {
  std::set<uint64_t> seen;
  for (uint64_t a = 0; a < 20; ++a) {
    for (uint64_t b = 0; b < 20; ++b) {
      for (uint64_t c = 0; c < 20; ++c) seen.insert(RandomBits(a, b, c));
    }
  }
  EXPECT_EQ(seen.size(), 8000u);
}

TEST(RandomBits, FlipHalfOfTheirBitsWhenOneBitOfAKeyFlips) {
  for (int part = 0; part < 3; ++part) {
    for (int bit = 0; bit < 32; ++bit) {
      int flipped = 0;
      for (uint64_t i = 0; i < 500; ++i) {
        uint64_t key[3] = {i, i * 7, i * 31};
        const uint64_t before = RandomBits(key[0], key[1], key[2]);
        key[part] ^= uint64_t{1} << bit;
        flipped += std::popcount(before ^ RandomBits(key[0], key[1], key[2]));
      }
      EXPECT_NEAR(flipped / 500.0, 32, 1.5) << part << " " << bit;
    }
  }
}

TEST(ToUnit, StaysBelowOne) {
  EXPECT_EQ(ToUnit(0), 0);
  EXPECT_LT(ToUnit(~uint64_t{0}), 1);
}

TEST(RandomPoint, IsUniformAlongNumbersAxesAndSeeds) {
  constexpr int kCount = 4096;
  for (uint32_t k = 0; k < 8; ++k) {
    std::vector<double> numbers, axes, seeds;
    for (uint32_t i = 0; i < kCount; ++i) {
      numbers.push_back(RandomPoint(k, i, 3)[2]);
      seeds.push_back(RandomPoint(i, k, 1)[0]);
    }
    axes = RandomPoint(k, 5, kCount);
    EXPECT_LT(UniformityDistance(numbers), 1.95);
    EXPECT_LT(UniformityDistance(seeds), 1.95);
    EXPECT_LT(UniformityDistance(axes), 1.95);
  }
}

TEST(RandomPoint, AxesAreNotCorrelated) {
  constexpr int kCount = 4096, kAxes = 8;
  double product[kAxes][kAxes] = {};
  for (uint32_t i = 0; i < kCount; ++i) {
    const auto point = RandomPoint(11, i, kAxes);
    for (int a = 0; a < kAxes; ++a) {
      for (int b = 0; b < a; ++b)
        product[a][b] += (point[a] - 0.5) * (point[b] - 0.5) * 12 / kCount;
    }
  }
  for (int a = 0; a < kAxes; ++a) {
    for (int b = 0; b < a; ++b) EXPECT_NEAR(product[a][b], 0, 4 / std::sqrt(kCount));
  }
}

TEST(RandomPoint, DoesNotChangeWhenAnAxisIsAdded) {
  const auto few = RandomPoint(3, 9, 4);
  const auto many = RandomPoint(3, 9, 200);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

}  // namespace
}  // namespace caviar::sampling
