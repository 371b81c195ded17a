#include "worker/training/command/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "caviar/v1/last_step.h"
#include "tests/worker/training/command/command_fixture.h"

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Reading At(std::optional<int64_t> step, std::map<std::string, double> metrics) {
  return {std::move(metrics), step, ""};
}

class CurveTest : public testing::Test {
 protected:
  CurveTest() {
    objective_.set_metric("a");
    objective_.set_goal(v1::Objective::MAXIMIZE);
  }
  v1::Objective objective_;
  Recorder seen_;
  AttemptLog log_{seen_};
};

TEST_F(CurveTest, StepsThatAreNotGivenAreCounted) {
  Curve curve(0, nullptr, seen_, log_);
  curve.Take(At(std::nullopt, {{"a", 1}}));
  curve.Take(At(std::nullopt, {{"b", 2}}));
  curve.Take(At(std::nullopt, {{"a", 3}}));
  curve.Take(At(std::nullopt, {{"b", 4}}));
  curve.Take(At(std::nullopt, {{"a", 5}, {"b", 6}}));
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 a=1", "1 b=2", "2 a=3", "2 b=4", "3 a=5 b=6"));
  EXPECT_EQ(curve.last_step(), 3);
}

TEST_F(CurveTest, StepsGrow) {
  Curve curve(0, nullptr, seen_, log_);
  curve.Take(At(0, {{"a", 1}}));
  curve.Take(At(5, {{"a", 2}}));
  curve.Take(At(3, {{"a", 3}}));
  curve.Take(At(4, {{"a", 3}}));
  curve.Take(At(5, {{"a", 4}, {"b", 5}}));
  EXPECT_THAT(seen_.measurements(), ElementsAre("0 a=1", "5 a=2", "5 b=5"));
  EXPECT_EQ(seen_.log(),
            "[caviar] step 3 came after step 5 and was left out: steps have to grow\n"
            "[caviar] a came again at step 5 and was left out\n");
}

TEST_F(CurveTest, WhatIsLeftOutIsSaidEachTime) {
  Curve curve(0, nullptr, seen_, log_);
  EXPECT_EQ(curve.Take(At(4, {{"a", 1}, {"b", 1}})), "");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(curve.Take(At(2, {{"a", 2}})),
              "step 2 came after step 4 and was left out: steps have to grow");
    EXPECT_EQ(curve.Take(At(4, {{"a", 2}, {"b", 2}})),
              "a, b came again at step 4 and was left out");
  }
  EXPECT_THAT(seen_.measurements(), ElementsAre("4 a=1 b=1"));
}

TEST_F(CurveTest, BehindTheLastStepThereIsNone) {
  Curve curve(0, nullptr, seen_, log_);
  curve.Take(At(vocabulary::kLastStep, {{"a", 1}}));
  curve.Take(At(std::nullopt, {{"a", 2}}));
  curve.Take(At(std::nullopt, {{"b", 3}}));
  EXPECT_THAT(seen_.measurements(), ElementsAre("9007199254740991 a=1", "9007199254740991 b=3"));
  EXPECT_EQ(seen_.log(),
            "[caviar] a came after step 9007199254740991 and was left out: that is the last step "
            "there is\n");
}

TEST_F(CurveTest, AResumedCurveGoesOnBehindItsCheckpoint) {
  Curve curve(4, nullptr, seen_, log_);
  EXPECT_EQ(curve.last_step(), 4);
  curve.Take(At(4, {{"b", 1}}));
  curve.Take(At(std::nullopt, {{"a", 1}}));
  EXPECT_THAT(seen_.measurements(), ElementsAre("5 a=1"));
}

TEST_F(CurveTest, TheBestStepIsKnown) {
  Curve curve(0, &objective_, seen_, log_);
  curve.Take(At(1, {{"a", 1}}));
  curve.Take(At(2, {{"a", 5}}));
  curve.Take(At(3, {{"a", std::nan("")}}));
  curve.Take(At(4, {{"a", 3}}));
  EXPECT_EQ(curve.BestOf({1, 3, 4}), 4);
  EXPECT_EQ(curve.BestOf({1, 2, 4}), 2);
  EXPECT_EQ(curve.BestOf({3}), std::nullopt);
}

TEST_F(CurveTest, TheLogKeepsItsFirstTenMebibytes) {
  const std::string line(1023, 'x');
  for (int64_t bytes = 0; bytes < 2 * AttemptLog::kMaxBytes; bytes += 1024) log_.Line(line);
  log_.Line("  the last words  ");
  log_.Line(" ");
  EXPECT_LE(seen_.log().size(), AttemptLog::kMaxBytes + 100);
  EXPECT_THAT(seen_.log().substr(seen_.log().size() - 100),
              HasSubstr("the rest of the log is missing"));
  EXPECT_EQ(log_.last_line(), "the last words");
}

}  // namespace
}  // namespace caviar::command
