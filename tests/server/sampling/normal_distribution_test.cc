#include "server/sampling/normal_distribution.h"

#include <gtest/gtest.h>

namespace caviar::sampling {
namespace {

TEST(NormalDistribution, FindsTheQuantilesOfItsProbabilities) {
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-9);
  for (const double x : {-30.0, -8.0, -2.0, -0.1, 0.0, 0.5, 3.0, 5.0}) {
    EXPECT_NEAR(NormalQuantile(NormalCdf(x)), x, 1e-8) << x;
  }
}

TEST(NormalDistribution, KeepsTheDigitsOfMassesInTheTails) {
  EXPECT_GT(NormalMass(20, 21), 0);
  EXPECT_DOUBLE_EQ(NormalMass(20, 21), NormalMass(-21, -20));
}

TEST(NormalDistribution, CutsAtItsBounds) {
  for (const double mean : {-50.0, 0.0, 0.5, 1.0, 50.0}) {
    for (const double uniform : {0.0, 0.3, 0.999999}) {
      const double x = TruncatedNormal(uniform, mean, 0.2, 0, 1);
      EXPECT_GE(x, 0);
      EXPECT_LE(x, 1);
    }
  }
  EXPECT_NEAR(TruncatedNormal(0.5, 0.5, 0.2, 0, 1), 0.5, 1e-12);
  EXPECT_LT(TruncatedNormal(0.2, 0.5, 0.2, 0, 1), TruncatedNormal(0.8, 0.5, 0.2, 0, 1));
}

}  // namespace
}  // namespace caviar::sampling
