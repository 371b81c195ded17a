#include "server/pruning/asha_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "tests/server/pruning/verdicts.h"

namespace caviar::pruning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

AshaPruner Stopping() { return AshaPruner({{1, 3, 9}, 3, false}, false); }
AshaPruner Promoting() { return AshaPruner({{1, 3, 9}, 3, true}, false); }

// Measures, decides, and pauses where that is the verdict.
Verdict At(AshaPruner& pruner, int32_t number, int64_t step, double value) {
  pruner.Measure(number, step, value);
  const Verdict verdict = Last(pruner.Decide(number));
  if (verdict.act == Act::kPause) pruner.Pause(number);
  return verdict;
}

TEST(MakeRungs, ArePowersOfEtaBelowTheLastStep) {
  EXPECT_THAT(MakeRungs(1, 3, 27), ElementsAre(1, 3, 9));
  EXPECT_THAT(MakeRungs(1, 3, 28), ElementsAre(1, 3, 9, 27));
  EXPECT_THAT(MakeRungs(2, 4, 30), ElementsAre(2, 8));
  EXPECT_THAT(MakeRungs(5, 3, 5), IsEmpty());
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(MakeRungs(1, 2, kLargest).back(), int64_t{1} << 62);
}

TEST(AshaPruner, LetsTheFirstOnesGoOn) {
  AshaPruner pruner = Stopping();
  for (const int32_t number : {0, 1}) {
    const Verdict verdict = At(pruner, number, 1, number);
    EXPECT_EQ(verdict.act, Act::kContinue);
    EXPECT_EQ(verdict.step, 1);
    EXPECT_THAT(verdict.reason, HasSubstr("fewer than eta 3"));
  }
}

TEST(AshaPruner, WhatComesLateCountsWhereItWasMeasured) {
  AshaPruner late = Stopping();
  AshaPruner in_order = Stopping();
  for (const int64_t step : {4, 2, 1, 3}) late.Measure(0, step, static_cast<double>(step));
  for (const int64_t step : {1, 2, 3, 4}) in_order.Measure(0, step, static_cast<double>(step));
  EXPECT_THAT(late.RungValues(0), ElementsAre(1, 3));
  EXPECT_EQ(late.RungValues(0), in_order.RungValues(0));
  for (AshaPruner* pruner : {&late, &in_order}) {
    At(*pruner, 1, 1, 1.5);
    At(*pruner, 2, 1, 6);
    EXPECT_EQ(At(*pruner, 3, 1, 2).act, Act::kStop) << "behind the 1 that came late, and 1.5";
  }
}

TEST(AshaPruner, StopsWhatIsNotAmongTheBestThirdRoundedUp) {
  AshaPruner pruner = Stopping();
  At(pruner, 0, 1, 5);
  At(pruner, 1, 1, 4);
  EXPECT_EQ(At(pruner, 2, 1, 3).act, Act::kContinue) << "the best of three";
  EXPECT_EQ(At(pruner, 3, 1, 4.5).act, Act::kStop) << "the third of four, two go on";
  EXPECT_EQ(At(pruner, 4, 1, 3.5).act, Act::kContinue) << "the second of five, two go on";
  const Verdict verdict = At(pruner, 5, 1, 3.7);
  EXPECT_EQ(verdict.act, Act::kStop);
  EXPECT_EQ(verdict.reason, "step 1: 3.7 is not among the best 2 of 6");
}

TEST(AshaPruner, PrefersTheLowerNumberOfEquals) {
  AshaPruner pruner = Stopping();
  pruner.Measure(0, 1, 2);
  pruner.Measure(1, 1, 1);
  pruner.Measure(2, 1, 1);
  EXPECT_EQ(Last(pruner.Decide(2)).act, Act::kStop);
  EXPECT_EQ(Last(pruner.Decide(1)).act, Act::kContinue);
}

TEST(AshaPruner, RanksWhatIsNotFiniteLast) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    AshaPruner pruner = Stopping();
    At(pruner, 0, 1, 1e300);
    At(pruner, 1, 1, 1e300);
    EXPECT_EQ(At(pruner, 2, 1, bad).act, Act::kStop) << bad;
  }
}

TEST(AshaPruner, TakesTheFirstValueAtOrPastARungAndDecidesEachRungOnce) {
  AshaPruner pruner = Stopping();
  EXPECT_EQ(At(pruner, 0, 2, 7).step, 1) << "step 1 was not measured";
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(7));
  EXPECT_EQ(Last(pruner.Decide(0)).step, 0) << "nothing new";
  EXPECT_EQ(At(pruner, 0, 1, 3).step, 0) << "it comes late";
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(3));
  EXPECT_EQ(At(pruner, 0, 10, 6).step, 9) << "over two rungs at once";
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(3, 6, 6));
}

TEST(AshaPruner, LetsNothingThatComesLateReverseAVerdict) {
  AshaPruner pruner = Stopping();
  At(pruner, 0, 1, 1);
  At(pruner, 1, 1, 2);
  EXPECT_EQ(At(pruner, 2, 1, 3).act, Act::kStop);
  for (int32_t number = 3; number < 20; ++number) pruner.Measure(number, 1, 10);
  EXPECT_EQ(Last(pruner.Decide(2)).act, Act::kContinue);
  EXPECT_EQ(Last(pruner.Decide(2)).step, 0) << "decided already";
}

TEST(AshaPruner, CountsATrialThatCompletedEarlyAtTheRungsAhead) {
  AshaPruner pruner = Stopping();
  At(pruner, 0, 1, 1);
  pruner.Complete(0, 0.5);
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(1, 0.5, 0.5));
  At(pruner, 1, 3, 2);
  EXPECT_EQ(At(pruner, 2, 3, 3).act, Act::kStop) << "the third of three at step 3";
}

TEST(AshaPruner, PausesAtARungUnlessItWouldBePromotedAtOnce) {
  AshaPruner pruner = Promoting();
  EXPECT_EQ(At(pruner, 0, 1, 5).act, Act::kPause) << "the best none of one";
  EXPECT_EQ(At(pruner, 1, 1, 4).act, Act::kPause);
  const Verdict verdict = At(pruner, 2, 1, 3);
  EXPECT_EQ(verdict.act, Act::kContinue);
  EXPECT_THAT(verdict.reason, HasSubstr("among the best 1 of 3"));
}

TEST(AshaPruner, PromotesTheBestOfTheHighestRung) {
  AshaPruner pruner = Promoting();
  // 2, 3, 4 and 5 are the best when they come.
  for (int32_t number = 0; number < 6; ++number) At(pruner, number, 1, 10 - number);
  EXPECT_FALSE(pruner.Promote(false)) << "9 and more are not among the best 2 of 6";
  for (int32_t number = 6; number < 30; ++number) At(pruner, number, 1, 20);
  const auto first = pruner.Promote(false);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(first->verdict.act, Act::kPromote);
  EXPECT_EQ(first->verdict.reason, "step 1: 9 is among the best 10 of 30");
  // It pauses again one rung on, among two others that are worse.
  EXPECT_EQ(At(pruner, 1, 3, 2).act, Act::kPause);
  pruner.Measure(2, 3, 4);
  pruner.Measure(3, 3, 4);
  EXPECT_EQ(pruner.Promote(false)->verdict.step, 3) << "the higher rung first";
  EXPECT_EQ(pruner.Promote(false)->number, 0);
}

TEST(AshaPruner, PromotesOnlyWhatIsPaused) {
  AshaPruner pruner = Promoting();
  for (int32_t number = 0; number < 9; ++number) {
    pruner.Measure(number, 1, number);
    pruner.Decide(number);
  }
  EXPECT_FALSE(pruner.Promote(true)) << "their checkpoints are on their way";
  pruner.Pause(5);
  EXPECT_FALSE(pruner.Promote(false));
  pruner.Pause(1);
  EXPECT_EQ(pruner.Promote(false)->number, 1);
  EXPECT_EQ(pruner.Promote(true)->number, 5) << "in any case";
}

TEST(AshaPruner, ATrialWaitsAtTheHighestRungThatItReachedOnly) {
  AshaPruner pruner = Promoting();
  pruner.Measure(0, 1, 0.1);
  pruner.Measure(0, 3, 0.9);
  EXPECT_THAT(pruner.Decide(0), testing::SizeIs(2));
  pruner.Pause(0);
  for (int32_t number = 1; number < 9; ++number) At(pruner, number, 1, number);
  EXPECT_EQ(pruner.Promote(false)->number, 1) << "trial 0 is better, but further";
  EXPECT_EQ(pruner.Promote(false)->number, 2);
  EXPECT_FALSE(pruner.Promote(false)) << "the rung at step 3 has one value";
  EXPECT_EQ(pruner.Promote(true)->verdict.step, 3);
}

TEST(AshaPruner, ForgetsWhatAnAbandonedCurveMeasuredButNoVerdict) {
  AshaPruner pruner = Promoting();
  pruner.Measure(0, 1, 5);
  pruner.Measure(0, 3, 4);
  pruner.Decide(0);
  pruner.Rewind(0, 2);
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(5));
  pruner.Rewind(0, -1);
  EXPECT_THAT(pruner.RungValues(0), IsEmpty());
  EXPECT_EQ(At(pruner, 0, 1, 7).step, 0) << "decided already";
  EXPECT_THAT(pruner.RungValues(0), ElementsAre(7));
  pruner.Pause(0);
  At(pruner, 1, 1, 8);
  At(pruner, 2, 1, 9);
  EXPECT_EQ(pruner.Promote(false)->number, 0) << "7 is the best of three";
}

TEST(AshaPruner, GoesOnAsBeforeFromStoredVerdicts) {
  AshaPruner before = Promoting();
  AshaPruner after = Promoting();
  std::set<int32_t> paused;
  std::vector<std::pair<int32_t, Verdict>> stored;
  const auto value = [](int32_t number) { return (number * 7) % 11; };
  for (int32_t number = 0; number < 40; ++number) {
    const Verdict verdict = At(before, number, 1, value(number));
    stored.emplace_back(number, verdict);
    if (verdict.act == Act::kPause) paused.insert(number);
    if (number % 3 == 2) {
      if (const auto promotion = before.Promote(false)) {
        stored.emplace_back(promotion->number, promotion->verdict);
        paused.erase(promotion->number);
      }
    }
  }
  for (int32_t number = 0; number < 40; ++number) after.Measure(number, 1, value(number));
  for (const auto& [number, verdict] : stored) after.Restore(number, verdict.step);
  for (const int32_t number : paused) after.Pause(number);
  for (int32_t number = 0; number < 40; ++number) EXPECT_THAT(after.Decide(number), IsEmpty());
  while (true) {
    const auto expected = before.Promote(false), restored = after.Promote(false);
    ASSERT_EQ(expected.has_value(), restored.has_value());
    if (!expected) break;
    EXPECT_EQ(expected->number, restored->number);
  }
}

}  // namespace
}  // namespace caviar::pruning
