#include "server/pruning/hyperband_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace caviar::pruning {
namespace {

HyperbandPruner Make() { return HyperbandPruner({{1, 3, 9}, 3, false}, false); }

// Of max_step 27: n is 4/4 * 27, 4/3 * 9, 4/2 * 3, 4/1.
TEST(HyperbandPruner, GivesEachBracketHyperbandsShareOfTheTrials) {
  const HyperbandPruner pruner = Make();
  std::map<size_t, int> counts;
  for (int32_t number = 0; number < 4900; ++number) ++counts[pruner.BracketOf(number)];
  ASSERT_EQ(counts.size(), 4u);
  EXPECT_NEAR(counts[0], 2700, 20);
  EXPECT_NEAR(counts[1], 1200, 20);
  EXPECT_NEAR(counts[2], 600, 20);
  EXPECT_NEAR(counts[3], 400, 20);
}

TEST(HyperbandPruner, ComparesWithinABracketOnly) {
  HyperbandPruner pruner = Make();
  std::map<size_t, std::vector<int32_t>> members;
  for (int32_t number = 0; number < 200; ++number) {
    members[pruner.BracketOf(number)].push_back(number);
  }
  for (int i = 0; i < 5; ++i) {
    const int32_t number = members[0][static_cast<size_t>(i)];
    pruner.Measure(number, 1, i);
    const Verdict verdict = pruner.Decide(number).back();
    EXPECT_EQ(verdict.act, i < 2 ? Act::kContinue : Act::kStop) << i;
    EXPECT_THAT(verdict.reason, testing::StartsWith("bracket 0, step 1: "));
  }
  // Far worse, but its bracket's first rung comes later.
  const int32_t other = members[1][0];
  pruner.Measure(other, 1, 100);
  EXPECT_THAT(pruner.Decide(other), testing::IsEmpty());
  pruner.Measure(other, 3, 100);
  EXPECT_EQ(pruner.Decide(other).back().step, 3);
  // And those of the last bracket are never ended.
  for (const int32_t last : members[3]) {
    pruner.Measure(last, 9, 1000);
    EXPECT_THAT(pruner.Decide(last), testing::IsEmpty());
  }
  EXPECT_THAT(pruner.RungValues(other), testing::ElementsAre(100, 100));
}

}  // namespace
}  // namespace caviar::pruning
