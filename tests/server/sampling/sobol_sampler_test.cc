#include "server/sampling/sobol_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "server/sampling/random_sampler.h"

namespace caviar::sampling {
namespace {

using search_space::Point;

// Reference values: scipy.stats.qmc.Sobol(d=1000, scramble=False, bits=32) of SciPy 1.10.

TEST(SobolBits, AreThoseOfOtherPrograms) {
  const uint32_t first[8][6] = {
      {0, 0, 0, 0, 0, 0},
      {2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648},
      {3221225472, 1073741824, 1073741824, 1073741824, 3221225472, 3221225472},
      {1073741824, 3221225472, 3221225472, 3221225472, 1073741824, 1073741824},
      {1610612736, 1610612736, 2684354560, 3758096384, 1610612736, 536870912},
      {3758096384, 3758096384, 536870912, 1610612736, 3758096384, 2684354560},
      {2684354560, 536870912, 3758096384, 2684354560, 2684354560, 3758096384},
      {536870912, 2684354560, 1610612736, 536870912, 536870912, 1610612736}};
  for (uint32_t number = 0; number < 8; ++number) {
    for (int dimension = 0; dimension < 6; ++dimension) {
      EXPECT_EQ(SobolBits(number, dimension), first[number][dimension]);
    }
  }
  EXPECT_EQ(SobolBits(16383, 511), 2407792640);
  EXPECT_EQ(SobolBits(16383, 999), 2205941760);
}

TEST(SobolBits, OfAllDimensionsAgreeWithAReferenceChecksum) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over 32-bit values
  for (uint32_t number = 0; number < 1 << 14; number += 37) {
    for (int dimension = 0; dimension < kSobolDimensions; ++dimension) {
      hash = (hash ^ SobolBits(number, dimension)) * 0x100000001b3;
    }
  }
  EXPECT_EQ(hash, 0xb297110170775285);
}

// Whether n = 2^k values have one in each of n equal intervals.
bool IsStratified(const std::vector<double>& values) {
  std::set<int> intervals;
  for (const double value : values) {
    if (!(value >= 0 && value < 1)) return false;
    intervals.insert(static_cast<int>(value * static_cast<double>(values.size())));
  }
  return intervals.size() == values.size();
}

std::vector<Point> Points(uint32_t seed, uint32_t first, uint32_t count, int dimensions) {
  std::vector<Point> points;
  for (uint32_t i = 0; i < count; ++i) points.push_back(SobolPoint(seed, first + i, dimensions));
  return points;
}

std::vector<double> Along(const std::vector<Point>& points, int axis, size_t count) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(points[i][axis]);
  return values;
}

TEST(SobolPoint, FillsEveryAxisWithOnePointAnInterval) {
  constexpr int kAxes = 300;
  for (const uint32_t seed : {0U, 7U, 4294967295U}) {
    const std::vector<Point> points = Points(seed, 0, 256, kAxes);
    for (int axis = 0; axis < kAxes; ++axis) {
      for (size_t count = 1; count <= points.size(); count *= 2) {
        ASSERT_TRUE(IsStratified(Along(points, axis, count)))
            << seed << " " << axis << " " << count;
      }
    }
  }
}

TEST(SobolPoint, FillsEveryAxisFromAnyMultipleOfAPowerOfTwoOn) {
  for (const uint32_t first : {16U, 4096U, 2147483632U}) {
    const std::vector<Point> points = Points(3, first, 16, 40);
    for (int axis = 0; axis < 40; ++axis) EXPECT_TRUE(IsStratified(Along(points, axis, 16)));
  }
}

TEST(SobolPoint, IsANetInItsFirstTwoAxes) {
  // Axes 0 and 1 have quality t = 0: 2^m points have one in each of the 2^m boxes of any shape
  // 2^-a x 2^-(m - a).
  constexpr int kM = 10;
  const std::vector<Point> points = Points(21, 0, 1 << kM, 2);
  for (int a = 0; a <= kM; ++a) {
    std::set<std::pair<int, int>> boxes;
    for (const Point& point : points) {
      boxes.emplace(static_cast<int>(std::ldexp(point[0], a)),
                    static_cast<int>(std::ldexp(point[1], kM - a)));
    }
    EXPECT_EQ(boxes.size(), points.size()) << a;
  }
}

TEST(SobolPoint, ScramblesEverySeedAnotherWay) {
  std::set<double> values;
  for (uint32_t seed = 0; seed < 1000; ++seed) {
    for (const double value : SobolPoint(seed, 0, 4)) values.insert(value);
  }
  EXPECT_EQ(values.size(), 4000u);
}

TEST(SobolPoint, IsUniformOverSeeds) {
  // Each single point of a scrambled sequence is uniform: 16 intervals of 4,096 seeds, chi-square
  // below its 99.9 % point at 15 degrees of freedom.
  for (const uint32_t number : {0U, 1U, 77U}) {
    std::vector<double> count(16);
    for (uint32_t seed = 0; seed < 4096; ++seed) {
      ++count[static_cast<size_t>(SobolPoint(seed, number, 3)[2] * 16)];
    }
    double chi_square = 0;
    for (const double c : count) chi_square += (c - 256) * (c - 256) / 256;
    EXPECT_LT(chi_square, 37.7);
  }
}

TEST(SobolPoint, IsTheSameHoweverItIsAskedFor) {
  EXPECT_EQ(SobolPoint(5, 1000, 10), SobolPoint(5, 1000, 10));
  const Point few = SobolPoint(5, 1000, 10);
  const Point many = SobolPoint(5, 1000, 256);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

// L2 star discrepancy (Warnock 1972).
double Discrepancy(const std::vector<Point>& points) {
  const auto n = static_cast<double>(points.size());
  const auto dimensions = points[0].size();
  double single = 0, pairs = 0;
  for (const Point& x : points) {
    double product = 1;
    for (const double u : x) product *= (1 - u * u) / 2;
    single += product;
    for (const Point& y : points) {
      product = 1;
      for (size_t d = 0; d < dimensions; ++d) product *= 1 - std::max(x[d], y[d]);
      pairs += product;
    }
  }
  return std::sqrt(std::pow(3.0, -static_cast<double>(dimensions)) - 2 / n * single +
                   pairs / (n * n));
}

TEST(SobolPoint, HasALowerDiscrepancyThanRandomPoints) {
  for (const auto& [dimensions, share] : {std::pair(2, 0.3), {5, 0.6}, {8, 0.8}}) {
    double sobol = 0, random = 0;
    for (uint32_t seed = 0; seed < 8; ++seed) {
      sobol += Discrepancy(Points(seed, 0, 256, dimensions));
      std::vector<Point> points;
      for (uint32_t i = 0; i < 256; ++i) points.push_back(RandomPoint(seed, i, dimensions));
      random += Discrepancy(points);
    }
    EXPECT_LT(sobol, random * share) << dimensions;
  }
}

}  // namespace
}  // namespace caviar::sampling
