#include "client/render/progress.h"

#include <gtest/gtest.h>

#include <cmath>

#include "client/render/text.h"

namespace caviar::render {
namespace {

Progress Half() {
  Progress progress;
  progress.done = 7;
  progress.running = 2;
  progress.failed = 1;
  progress.total = 16;
  progress.best = "best 0.8912 (trial 3)";
  progress.time_left = absl::Seconds(192);
  return progress;
}

TEST(Progress, ShowsABarCountsTheBestAndTheTimeLeft) {
  EXPECT_EQ(ProgressLine(Half(), 120),
            "[####################--------------------] 7/16 done, 2 running, 1 failed | "
            "best 0.8912 (trial 3) | 3m12s left");
}

TEST(Progress, NeverExceedsTheWidth) {
  for (int width = 0; width < 130; ++width) {
    EXPECT_LE(DisplayWidth(ProgressLine(Half(), width)), width);
  }
  EXPECT_EQ(ProgressLine(Half(), 12), "7/16 done, …");
}

TEST(Progress, WithoutATotalThereIsNoBar) {
  Progress progress;
  progress.running = 1;
  EXPECT_EQ(ProgressLine(progress, 80), "0 done, 1 running, 0 failed");
  progress.total = 0;
  EXPECT_EQ(ProgressLine(progress, 40), "[--------] 0/0 done, 1 running, 0 failed");
}

TEST(Progress, MoreTrialsThanTheTotalFillTheBar) {
  Progress progress;
  progress.done = 20;
  progress.total = 16;
  EXPECT_EQ(ProgressLine(progress, 42), "[########] 20/16 done, 0 running, 0 failed");
}

TEST(Sparkline, DrawsACurve) {
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Sparkline({1, 1}, 8), "▅▅");
  EXPECT_EQ(Sparkline({0, std::nan(""), 1}, 8), "▁ █");
  EXPECT_EQ(Sparkline({}, 8), "");
  EXPECT_EQ(Sparkline({-1e308, 1e308}, 8), "▁█");
  EXPECT_EQ(DisplayWidth(Sparkline(std::vector<double>(1000, 1.0), 40)), 40);
}

}  // namespace
}  // namespace caviar::render
