#include "worker/training/plateau.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace caviar::training {
namespace {

// The number of values after which it says stop; 0: it does not.
size_t StopsAfter(Plateau plateau, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (plateau.Offer(values[i])) return i + 1;
  }
  return 0;
}

TEST(Plateau, StopsAfterSoManyEpochsWithoutAGain) {
  EXPECT_EQ(StopsAfter({v1::Objective::MINIMIZE, 2, 0}, {3, 2, 2, 1, 1, 1, 0}), 6u);
  EXPECT_EQ(StopsAfter({v1::Objective::MAXIMIZE, 2, 0}, {1, 2, 2, 3, 1, 3}), 6u);
  EXPECT_EQ(StopsAfter({v1::Objective::MAXIMIZE, 1, 0}, {1, 2, 3, 4}), 0u);
}

TEST(Plateau, ASmallGainIsNone) {
  EXPECT_EQ(StopsAfter({v1::Objective::MINIMIZE, 2, 0.1}, {1, 0.95, 0.92, 0.8}), 3u);
  EXPECT_EQ(StopsAfter({v1::Objective::MINIMIZE, 3, 0.1}, {1, 0.95, 0.92, 0.8, 0.8}), 0u);
}

TEST(Plateau, PatienceZeroNeverStops) {
  EXPECT_EQ(StopsAfter({v1::Objective::MINIMIZE, 0, 0}, std::vector<double>(1000, 1)), 0u);
}

TEST(Plateau, NotANumberIsNoGain) {
  EXPECT_EQ(StopsAfter({v1::Objective::MAXIMIZE, 2, 0}, {1, std::nan(""), std::nan("")}), 3u);
}

}  // namespace
}  // namespace caviar::training
