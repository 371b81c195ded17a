#include "server/pruning/wilcoxon_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/pruning/verdicts.h"

namespace caviar::pruning {
namespace {

// Values of R's wilcox.test(x, alternative = "greater") and of scipy.stats.wilcoxon.
TEST(SignedRankProbability, AgreesWithTables) {
  EXPECT_DOUBLE_EQ(SignedRankProbability({}), 1);
  EXPECT_DOUBLE_EQ(SignedRankProbability({0, 0}), 1);
  EXPECT_DOUBLE_EQ(SignedRankProbability({1, 2, 3, 4, 5}), 1.0 / 32);
  EXPECT_DOUBLE_EQ(SignedRankProbability({-1, -2, -3, -4, -5}), 1);
  EXPECT_DOUBLE_EQ(SignedRankProbability({-1, 2, 3, 4, 5}), 2.0 / 32);
  EXPECT_DOUBLE_EQ(SignedRankProbability({0, -1, 2, 3, 4, 5}), 2.0 / 32);
  // Ranks 3, 1.5, 1.5: the normal approximation, with ties.
  EXPECT_NEAR(SignedRankProbability({2, 1, 1}), 0.0860, 5e-3);
}

TEST(SignedRankProbability, IsContinuousBetweenTheExactAndTheApproximateForm) {
  std::vector<double> differences;
  for (int i = 1; i <= 25; ++i) differences.push_back(i % 4 == 0 ? -i : i);
  const double exact = SignedRankProbability(differences);
  differences.push_back(-1e-9);
  EXPECT_NEAR(SignedRankProbability(differences), exact, 0.15 * exact);
}

TEST(WilcoxonPruner, EndsWhatIsWorseThanTheBestOnTheInstancesOfBoth) {
  WilcoxonPruner pruner({4, 0.1}, false);
  for (const int64_t instance : {5, 1, 3, 2, 4}) pruner.Measure(0, instance, 1.0 * instance);
  EXPECT_EQ(Last(pruner.Decide(0)).act, Act::kContinue) << "there is no best one yet";
  pruner.Measure(0, 6, 3);  // as it is told: the mean, at one more step
  pruner.Complete(0, 3);
  Verdict verdict;
  for (const int64_t instance : {4, 2, 1, 3}) {
    EXPECT_EQ(verdict.act, Act::kContinue) << "before instance " << instance;
    pruner.Measure(1, instance, 1.0 * instance + 0.1 * instance);
    verdict = Last(pruner.Decide(1));
  }
  EXPECT_EQ(verdict.act, Act::kStop);
  EXPECT_THAT(verdict.reason, testing::HasSubstr("worse than trial 0 on 4 instances"));
}

TEST(WilcoxonPruner, EndsNoneWithABetterMean) {
  WilcoxonPruner pruner({4, 0.5}, false);
  for (const int64_t instance : {1, 2, 3, 4, 5}) pruner.Measure(0, instance, 10);
  pruner.Measure(0, 6, 10);
  pruner.Complete(0, 10);
  for (const int64_t instance : {1, 2, 3, 4}) pruner.Measure(1, instance, 10.1);
  pruner.Measure(1, 5, 0);
  EXPECT_EQ(Last(pruner.Decide(1)).act, Act::kContinue);
}

}  // namespace
}  // namespace caviar::pruning
