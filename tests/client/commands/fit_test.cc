#include "client/commands/fit.h"

#include <cmath>

#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;

TEST(Fit, SaysWhatTheCourseSaysOfItsExamples) {
  EXPECT_EQ(JudgeFit(0.01, 0.11), Fit::kVariance);
  EXPECT_EQ(JudgeFit(0.15, 0.16), Fit::kBias);
  EXPECT_EQ(JudgeFit(0.15, 0.30), Fit::kBoth);
  EXPECT_EQ(JudgeFit(0.005, 0.01), Fit::kGood);
}

TEST(Fit, ChangesAtItsBounds) {
  EXPECT_EQ(JudgeFit(0.05, 0.05), Fit::kGood);
  EXPECT_EQ(JudgeFit(0.0501, 0.0501), Fit::kBias);
  EXPECT_EQ(JudgeFit(0.0, 0.02), Fit::kGood);
  EXPECT_EQ(JudgeFit(0.0, 0.0201), Fit::kVariance);
  // From e = 0.04 on a gap counts against e.
  EXPECT_EQ(JudgeFit(0.05, 0.0749), Fit::kGood);
  EXPECT_EQ(JudgeFit(0.05, 0.0751), Fit::kVariance);
  EXPECT_EQ(JudgeFit(0.5, 0.74), Fit::kBias);
  EXPECT_EQ(JudgeFit(0.5, 0.76), Fit::kBoth);
}

TEST(Fit, AValidationErrorBelowTheTrainingErrorIsNoVariance) {
  EXPECT_EQ(JudgeFit(0.04, 0.01), Fit::kGood);
  EXPECT_EQ(JudgeFit(0.2, 0.1), Fit::kBias);
}

v1::Trial Measured(const std::string& more) {
  return Parse<v1::Trial>(R"(
    measurements { step: 1 metrics { key: "train_accuracy" value: 0.8 }
                           metrics { key: "validation_accuracy" value: 0.79 } }
    measurements { step: 2 metrics { key: "train_accuracy" value: 0.96 }
                           metrics { key: "validation_accuracy" value: 0.9 } })",
                          more);
}

TEST(FitSentence, IsOfTheStepThatCounts) {
  EXPECT_EQ(FitSentence(Measured("objective_step: 2")),
            "High variance: at step 2 the training error is 4.00 % and the validation error 10.00 "
            "%; what it learns does not carry over: try more data, l2, or dropout.");
  EXPECT_EQ(FitSentence(Measured("objective_step: 1")),
            "High bias: at step 1 the training error is 20.00 % and the validation error 21.00 %; "
            "it does not fit what it is trained on: try a bigger network, longer training, or "
            "another architecture.");
}

TEST(FitSentence, IsOfTheLastStepWhileNoneCounts) {
  EXPECT_THAT(FitSentence(Measured("")), HasSubstr("at step 2"));
}

TEST(FitSentence, SaysBothAndNeither) {
  EXPECT_THAT(FitSentence(Measured(R"(
      objective_step: 3
      measurements { step: 3 metrics { key: "train_accuracy" value: 0.8 }
                             metrics { key: "validation_accuracy" value: 0.6 } })")),
              HasSubstr("High bias and high variance: at step 3 the training error is 20.00 %"));
  EXPECT_EQ(FitSentence(Measured(R"(
      objective_step: 3
      measurements { step: 3 metrics { key: "train_accuracy" value: 0.99 }
                             metrics { key: "validation_accuracy" value: 0.98 } })")),
            "Neither bias nor variance stands out: at step 3 the training error is 1.00 % and the "
            "validation error 2.00 %.");
}

TEST(FitSentence, IsEmptyWhereTheNumbersAreMissingOrNoShares) {
  EXPECT_EQ(FitSentence(v1::Trial()), "");
  EXPECT_EQ(FitSentence(Measured("objective_step: 7")), "");
  for (const double odd : {97.5, -0.5, std::nan("")}) {
    v1::Trial trial = Measured("objective_step: 2");
    (*trial.mutable_measurements(1)->mutable_metrics())["train_accuracy"] = odd;
    EXPECT_EQ(FitSentence(trial), "") << odd;
  }
  v1::Trial trial = Measured("objective_step: 2");
  trial.mutable_measurements(1)->mutable_metrics()->erase("validation_accuracy");
  EXPECT_EQ(FitSentence(trial), "");
}

}  // namespace
}  // namespace caviar::commands
