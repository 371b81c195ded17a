#include "server/pruning/pruner.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace caviar::pruning {
namespace {

using testing::ElementsAre;

v1::Study StudyOf(const std::string& pruner, int epochs) {
  v1::Study study;
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(epochs);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(pruner, study.mutable_pruner()));
  return study;
}

TEST(MakePruner, GivesNoneWhereNoneIsAskedFor) {
  EXPECT_EQ(MakePruner(StudyOf("", 27)), nullptr);
  EXPECT_EQ(MakePruner(StudyOf("algorithm: NONE", 27)), nullptr);
}

TEST(MakePruner, ChoosesAFirstRungThatSparesTheFirstSteps) {
  const auto rungs = [](int epochs) {
    return MakePruner(StudyOf("algorithm: ASHA", epochs))->Rungs();
  };
  EXPECT_THAT(rungs(27), ElementsAre(3, 9));
  EXPECT_THAT(rungs(81), ElementsAre(3, 9, 27));
  EXPECT_THAT(rungs(8), ElementsAre(2, 6));
  EXPECT_THAT(rungs(300), ElementsAre(11, 33, 99, 297));
  EXPECT_THAT(rungs(2), ElementsAre(1));
  EXPECT_THAT(rungs(1), testing::IsEmpty());
  EXPECT_THAT(MakePruner(StudyOf("algorithm: ASHA grace: 1 eta: 4", 20))->Rungs(),
              ElementsAre(1, 4, 16));
}

TEST(MakePruner, ShowsValuesAsTheyWereMeasured) {
  const auto pruner = MakePruner(StudyOf("algorithm: ASHA grace: 1", 27));
  for (const int32_t number : {0, 1, 2}) pruner->Measure(number, 1, -0.9 + 0.1 * number);
  EXPECT_EQ(pruner->Decide(2).back().reason, "step 1: 0.7 is not among the best 1 of 3");
}

// Whatever comes in, in whatever order.
TEST(EveryPruner, SurvivesAnything) {
  for (const char* definition :
       {"algorithm: MEDIAN", "algorithm: ASHA", "algorithm: ASHA mode: PROMOTE grace: 1 eta: 2",
        "algorithm: HYPERBAND", "algorithm: HYPERBAND mode: PROMOTE", "algorithm: WILCOXON"}) {
    const auto pruner = MakePruner(StudyOf(definition, 30));
    std::set<int32_t> paused;
    uint32_t random = 1;
    for (int i = 0; i < 20000; ++i) {
      random = random * 1664525 + 1013904223;
      const auto number = static_cast<int32_t>((random >> 8) % 500);
      const int64_t step = (random >> 20) % 40;
      const double values[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e308, -1e308, 0, -0.0};
      const double value = i % 9 == 0 ? values[i / 9 % 7] : static_cast<double>(random % 1000);
      pruner->Measure(number, step, value);
      if (i % 7 == 0) {
        pruner->Complete(number, value);
        paused.erase(number);
        continue;
      }
      if (i % 11 == 0) {
        pruner->Rewind(number, step);
        paused.erase(number);
      }
      for (const Verdict& verdict : pruner->Decide(number)) {
        EXPECT_FALSE(verdict.reason.empty());
        if (verdict.act != Act::kPause) continue;
        pruner->Pause(number);
        paused.insert(number);
      }
      if (const auto promotion = pruner->Promote(i % 13 == 0)) {
        EXPECT_EQ(paused.erase(promotion->number), 1u);
      }
      EXPECT_LE(pruner->RungValues(number).size(), pruner->Rungs().size());
    }
  }
}

}  // namespace
}  // namespace caviar::pruning
