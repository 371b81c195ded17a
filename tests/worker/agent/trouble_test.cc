#include "worker/agent/trouble.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace caviar::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class TroubleTest : public testing::Test {
 protected:
  bool MayTake(int slot) { return trouble_.MayTake(slot, now_); }
  void Begin(int slot) { trouble_.Begin(slot, now_); }
  bool IsNews(int slot) { return trouble_.Note(slot, now_).has_value(); }

  Trouble trouble_{absl::Seconds(1), absl::Hours(1), /*seed=*/1};
  Trouble::TimePoint now_{hours(1000)};
};

TEST_F(TroubleTest, WithoutSomeAllTakeWork) {
  EXPECT_TRUE(MayTake(0));
  EXPECT_TRUE(MayTake(1));
  Begin(0);
  EXPECT_FALSE(trouble_.Done(0)) << "there was none";
  EXPECT_TRUE(MayTake(1));
}

TEST_F(TroubleTest, ThenNoneTakesWorkThenOneUntilItGoesWell) {
  const absl::Duration pause = *trouble_.Note(3, now_);
  EXPECT_FALSE(MayTake(3));
  EXPECT_FALSE(MayTake(0));
  now_ += absl::ToChronoNanoseconds(pause) - milliseconds(1);
  EXPECT_FALSE(MayTake(0));
  now_ += milliseconds(1);
  EXPECT_TRUE(MayTake(0));
  EXPECT_TRUE(MayTake(0)) << "it asks again as long as there is no work";
  EXPECT_FALSE(MayTake(3));
  Begin(0);
  EXPECT_FALSE(MayTake(3));
  EXPECT_TRUE(trouble_.Done(0));
  EXPECT_TRUE(MayTake(3));
  EXPECT_TRUE(MayTake(0));
}

TEST_F(TroubleTest, PausesGrowUntilWorkGoesWell) {
  absl::Duration longest;
  for (int i = 0; i < 20; ++i) {
    longest = std::max(longest, *trouble_.Note(0, now_));
    now_ += hours(1);
    ASSERT_TRUE(MayTake(0));
    Begin(0);
  }
  EXPECT_GT(longest, absl::Minutes(1));
  trouble_.Done(0);
  EXPECT_LE(*trouble_.Note(0, now_), absl::Seconds(1));
}

TEST_F(TroubleTest, WhatBeganBeforeSaysNothingNew) {
  for (int slot = 0; slot < 4; ++slot) Begin(slot);
  EXPECT_TRUE(IsNews(0));
  EXPECT_FALSE(IsNews(1));
  EXPECT_FALSE(trouble_.Done(2));
  EXPECT_FALSE(MayTake(2));
  now_ += hours(1);
  EXPECT_TRUE(MayTake(2));
  EXPECT_FALSE(IsNews(3));
  EXPECT_TRUE(MayTake(2)) << "its turn stands";
}

TEST_F(TroubleTest, WorkThatRunsForLongGoesWell) {
  trouble_.Note(0, now_);
  now_ += hours(1);
  ASSERT_TRUE(MayTake(0));
  now_ += hours(1);
  EXPECT_FALSE(MayTake(1)) << "it waits for work, which is no trouble";
  Begin(0);
  now_ += Trouble::kShowsWithin - milliseconds(1);
  EXPECT_FALSE(MayTake(1));
  now_ += milliseconds(1);
  EXPECT_TRUE(MayTake(1));
  EXPECT_TRUE(IsNews(0)) << "and yet it failed";
  EXPECT_FALSE(MayTake(1));
}

TEST_F(TroubleTest, WorkThatIsCutShortSaysNothing) {
  trouble_.Note(0, now_);
  now_ += hours(1);
  ASSERT_TRUE(MayTake(0));
  Begin(0);
  trouble_.Cut(0, now_);
  now_ += hours(1);
  EXPECT_FALSE(MayTake(1)) << "what was cut runs no more";
  EXPECT_TRUE(MayTake(0)) << "its turn stands";
  Begin(0);
  trouble_.Cut(1, now_);
  now_ += Trouble::kShowsWithin;
  trouble_.Cut(0, now_);
  EXPECT_TRUE(MayTake(1)) << "it ran for long before";
}

}  // namespace
}  // namespace caviar::agent
