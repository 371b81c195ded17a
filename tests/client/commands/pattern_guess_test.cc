#include "client/commands/pattern_guess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caviar::commands {
namespace {

using ::testing::IsEmpty;

std::string Best(const std::string& metric, const std::vector<std::string>& lines) {
  const auto guesses = GuessPatterns(metric, lines, 3);
  return guesses.empty() ? "" : guesses[0].pattern;
}

TEST(PatternGuess, ReadsTheNumberBehindTheMetricsWords) {
  const std::string number = "-?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?";
  EXPECT_EQ(Best("accuracy", {"starting", "accuracy: 0.93"}), "accuracy: (?P<accuracy>[0-9.]+)");
  EXPECT_EQ(Best("accuracy", {"Final Accuracy = 93.1%"}), "Final Accuracy = (?P<accuracy>[0-9.]+)");
  EXPECT_EQ(Best("loss", {"loss 1.5"}), "loss (?P<loss>" + number + ")");
  EXPECT_EQ(Best("accuracy", {"the accuracy is 0.93."}),
            "the accuracy is (?P<accuracy>[0-9]+(?:\\.[0-9]+)?)");
  EXPECT_EQ(Best("accuracy", {"[test]  accuracy(%):   93"}),
            "test\\] +accuracy\\(%\\): +(?P<accuracy>[0-9.]+)");
  EXPECT_EQ(Best("auc", {R"({"auc": 0.5})"}), "auc\": (?P<auc>[0-9.]+)");
}

TEST(PatternGuess, FindsTheEpochInTheSameLine) {
  EXPECT_EQ(Best("validation_accuracy",
                 {"Epoch 3/10 - loss: 0.41 - accuracy: 0.9 - val_loss: 0.5 - val_accuracy: 0.88"}),
            "Epoch (?P<step>[0-9]+).*val_accuracy: (?P<validation_accuracy>[0-9.]+)");
  EXPECT_EQ(Best("accuracy", {"step=7, acc=0.5"}),
            "step=(?P<step>[0-9]+).*acc=(?P<accuracy>[0-9.]+)");
}

TEST(PatternGuess, TheLikeliestComesFirstAndEachOnce) {
  const auto guesses = GuessPatterns("validation_loss",
                                     {"train loss: 3", "val loss: 4", "val loss: 2", "loss: 1"}, 2);
  ASSERT_EQ(guesses.size(), 2u);
  EXPECT_EQ(guesses[0].line, "val loss: 4");
  EXPECT_EQ(guesses[1].line, "loss: 1");
}

TEST(PatternGuess, WhatOnlyLooksLikeANumberOrSaysNothingIsLeftOut) {
  EXPECT_THAT(GuessPatterns("accuracy",
                            {"accuracy of resnet50", "version accuracy-1.2.3rc", "0.93", "lr: 0.1",
                             std::string(600, 'x') + " accuracy: 1", "accuracy: high"},
                            3),
              IsEmpty());
  EXPECT_THAT(GuessPatterns("validation_accuracy", {"validation took 3.5"}, 3), IsEmpty());
  EXPECT_THAT(GuessPatterns("val.accuracy", {"val.accuracy: 0.5"}, 3), IsEmpty());
}

}  // namespace
}  // namespace caviar::commands
