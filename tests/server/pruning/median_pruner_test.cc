#include "server/pruning/median_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/server/pruning/verdicts.h"

namespace caviar::pruning {
namespace {

void AddCompleted(MedianPruner& pruner, int32_t number, const std::vector<double>& curve) {
  for (size_t i = 0; i < curve.size(); ++i) {
    pruner.Measure(number, static_cast<int64_t>(i) + 1, curve[i]);
  }
  pruner.Complete(number, curve.back());
}

TEST(MedianPruner, EndsATrialWhoseBestIsWorseThanTheMedianAtItsStep) {
  MedianPruner pruner({1, 3}, true);
  AddCompleted(pruner, 0, {-0.5, -0.8});
  AddCompleted(pruner, 1, {-0.6, -0.7});
  pruner.Measure(9, 1, -0.1);
  EXPECT_EQ(Last(pruner.Decide(9)).act, Act::kContinue) << "two completed trials are too few";
  AddCompleted(pruner, 2, {-0.4, -0.6});
  EXPECT_EQ(Last(pruner.Decide(9)).act, Act::kStop);
  pruner.Measure(10, 1, -0.5);
  EXPECT_EQ(Last(pruner.Decide(10)).act, Act::kContinue) << "as good as the median";
  pruner.Measure(10, 2, -0.2);
  const Verdict verdict = Last(pruner.Decide(10));
  EXPECT_EQ(verdict.act, Act::kStop);
  EXPECT_EQ(verdict.reason,
            "step 2: the best so far, 0.5, is worse than the median 0.7 of 3 completed trials");
  pruner.Measure(11, 1, -0.9);
  pruner.Measure(11, 2, -0.1);
  EXPECT_EQ(Last(pruner.Decide(11)).act, Act::kContinue) << "its best was at step 1";
}

TEST(MedianPruner, LetsEveryTrialHaveItsGrace) {
  MedianPruner pruner({3, 1}, false);
  AddCompleted(pruner, 0, {1, 1, 1});
  for (const int64_t step : {1, 2, 3}) {
    pruner.Measure(1, step, 5);
    EXPECT_EQ(Last(pruner.Decide(1)).act, step < 3 ? Act::kContinue : Act::kStop) << step;
  }
}

TEST(MedianPruner, EndsWhatIsNeverFinite) {
  MedianPruner pruner({1, 1}, false);
  AddCompleted(pruner, 0, {1e300});
  pruner.Measure(1, 1, std::nan(""));
  EXPECT_EQ(Last(pruner.Decide(1)).act, Act::kStop);
  EXPECT_EQ(Last(pruner.Decide(2)).act, Act::kContinue) << "nothing was measured";
}

}  // namespace
}  // namespace caviar::pruning
