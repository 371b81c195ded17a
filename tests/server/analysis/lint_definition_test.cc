// Rules that read the definition alone: each speaks here and is silent there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_studies.h"
#include "server/analysis/lint.h"

namespace caviar::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "code parameter", by severity; notes in brackets.
std::vector<std::string> Codes(const v1::LintStudyResponse& response) {
  std::vector<std::string> codes;
  for (const v1::Finding& finding : response.findings()) {
    std::string code = finding.code();
    if (!finding.parameter().empty()) code += " " + finding.parameter();
    codes.push_back(finding.severity() == v1::Finding::NOTE ? "[" + code + "]" : code);
  }
  return codes;
}
std::vector<std::string> CodesOf(const std::string& more) {
  return Codes(Lint(MakeStudy(more), {}));
}
std::string MessageOf(const std::string& more) {
  const auto response = Lint(MakeStudy(more), {});
  return response.findings().empty() ? "" : response.findings(0).message();
}
std::string Parameter(const std::string& text) { return "parameters { " + text + " } "; }

constexpr char kOne[] = R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 scale: LINEAR } )";
constexpr char kFour[] = R"(
  parameters { name: "w" type: DOUBLE min: 0 max: 1 scale: LINEAR }
  parameters { name: "x" type: DOUBLE min: 0 max: 1 scale: LINEAR }
  parameters { name: "y" type: DOUBLE min: 0 max: 1 scale: LINEAR }
  parameters { name: "z" type: DOUBLE min: 0 max: 1 scale: LINEAR } )";

TEST(LintScales, ALinearScaleOverDecades) {
  const std::string wide = Parameter(R"(name: "c" type: DOUBLE min: 0.01 max: 1 scale: LINEAR)");
  EXPECT_THAT(CodesOf(wide), ElementsAre("linear_over_decades c"));
  EXPECT_EQ(MessageOf(wide),
            "max is 100 times min on a linear scale: nine trials in ten are above 0.109; write "
            "scale: log, which tries every decade as often");
  EXPECT_THAT(CodesOf(Parameter(R"(name: "c" type: INT min: 1 max: 1000 scale: LINEAR)")),
              ElementsAre("linear_over_decades c"));
  for (const char* fine : {
           R"(name: "c" type: DOUBLE min: 0.01 max: 0.9 scale: LINEAR)",
           R"(name: "c" type: DOUBLE min: 0.01 max: 1 scale: LOG)",
           R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)",
           R"(name: "c" type: DOUBLE min: 0.01 max: 1 step: 0.01 scale: LINEAR)",
           R"(name: "c" type: INT min: 1 max: 50 scale: LINEAR)",
           R"(name: "c" value { double_value: 7 })",
       }) {
    EXPECT_THAT(CodesOf(Parameter(fine)), IsEmpty()) << fine;
  }
}

TEST(LintScales, ALearningRateThatIsNotLogarithmic) {
  const std::string linear =
      Parameter(R"(name: "lr" type: DOUBLE min: 0.001 max: 0.05 scale: LINEAR)");
  EXPECT_THAT(CodesOf(linear), ElementsAre("learning_rate_scale lr"));
  EXPECT_THAT(MessageOf(linear), HasSubstr("from 0.001 to 0.05 on a linear scale"));
  const std::string from_zero =
      Parameter(R"(name: "learning_rate" type: DOUBLE min: 0 max: 0.1 scale: LINEAR)");
  EXPECT_THAT(CodesOf(from_zero), ElementsAre("learning_rate_scale learning_rate"));
  EXPECT_THAT(MessageOf(from_zero), HasSubstr("and a min above 0, such as 0.0001"));
  for (const char* fine : {
           R"(name: "lr" type: DOUBLE min: 0.001 max: 0.05 scale: LOG)",
           R"(name: "lr" type: DOUBLE min: 0.01 max: 0.05 scale: LINEAR)",
           R"(name: "lr_patience" type: DOUBLE min: 0.001 max: 0.05 scale: LINEAR)",
       }) {
    EXPECT_THAT(CodesOf(Parameter(fine)), IsEmpty()) << fine;
  }
}

TEST(LintScales, AMomentumThatIsNotOneMinusLog) {
  const std::string linear =
      Parameter(R"(name: "momentum" type: DOUBLE min: 0.5 max: 0.999 scale: LINEAR)");
  EXPECT_THAT(CodesOf(linear), ElementsAre("momentum_scale momentum"));
  EXPECT_THAT(MessageOf(linear), HasSubstr("80.2 % of the trials are below 0.9"));
  EXPECT_THAT(CodesOf(Parameter(R"(name: "beta2" type: DOUBLE min: 0.9 max: 1 scale: LOG)")),
              ElementsAre("momentum_scale beta2"));
  for (const char* fine : {
           R"(name: "momentum" type: DOUBLE min: 0.5 max: 0.999 scale: ONE_MINUS_LOG)",
           R"(name: "momentum" type: DOUBLE min: 0.5 max: 0.999 scale: LOGIT)",
           R"(name: "momentum" type: DOUBLE min: 0.5 max: 0.9 scale: LINEAR)",
           R"(name: "momentum" type: DOUBLE min: 0.9 max: 0.98 scale: LINEAR)",
           R"(name: "keep" type: DOUBLE min: 0.5 max: 0.999 scale: LINEAR)",
       }) {
    EXPECT_THAT(CodesOf(Parameter(fine)), IsEmpty()) << fine;
  }
}

constexpr char kNetwork[] = "trainer { batch_norm_network { epochs: 10 } } ";

TEST(LintPlan, NoLimits) {
  const std::string endless = std::string(kNetwork) + kOne;
  EXPECT_THAT(CodesOf(endless), ElementsAre("no_limits"));
  for (const char* limit : {"limits { max_trials: 10 }", "limits { max_duration { seconds: 60 } }",
                            "limits { max_steps: 100 }", "limits { no_gain { trials: 30 } }",
                            "objective { target: 0.1 }", "sampler { algorithm: GRID }"}) {
    EXPECT_THAT(CodesOf(endless + limit), IsEmpty()) << limit;
  }
  EXPECT_THAT(CodesOf(kOne), IsEmpty()) << "a loop of one's own";
  EXPECT_THAT(CodesOf(std::string(kNetwork) + Parameter(R"(name: "b" type: BOOL)")), IsEmpty())
      << "it is used up";
}

TEST(LintPlan, TooFewTrials) {
  EXPECT_THAT(CodesOf(std::string(kFour) + "limits { max_trials: 7 }"),
              ElementsAre("too_few_trials"));
  EXPECT_THAT(CodesOf(std::string(kFour) + "limits { max_trials: 39 }"),
              ElementsAre("[too_few_trials]"));
  EXPECT_THAT(MessageOf(std::string(kFour) + "limits { max_trials: 8 }"),
              HasSubstr("8 trials for 4 parameters are 2 a parameter; 40 are usual"));
  EXPECT_THAT(MessageOf(std::string(kFour) + "limits { max_trials: 1 }"),
              HasSubstr("1 trial for 4 parameters is 0.25 a parameter; 40 are usual"));
  EXPECT_THAT(CodesOf(std::string(kFour) + "limits { max_trials: 40 }"), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(kOne) + "limits { max_trials: 2 }"), IsEmpty());
  EXPECT_THAT(CodesOf(Parameter(R"(name: "a" type: BOOL)") + Parameter(R"(name: "b" type: BOOL)") +
                      "limits { max_trials: 4 }"),
              IsEmpty())
      << "all there are";
}

TEST(LintPlan, SoManyAtOnceThatNothingIsLearned) {
  const std::string many = std::string(kOne) + "limits { max_trials: 30 parallel: 11 } ";
  EXPECT_THAT(CodesOf(many), ElementsAre("parallel_too_large"));
  EXPECT_THAT(MessageOf(many), HasSubstr("parallel: 11 of 30 trials"));
  EXPECT_THAT(CodesOf(many + "sampler { algorithm: SOBOL }"), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(kOne) + "limits { max_trials: 30 parallel: 10 }"), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(kOne) + "limits { parallel: 100 }"), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(kOne) + "limits { max_trials: 2 parallel: 1 }"), IsEmpty());
}

TEST(LintPlan, AWastefulGrid) {
  const std::string grid = std::string(kFour) + "sampler { algorithm: GRID } ";
  EXPECT_THAT(CodesOf(grid), ElementsAre("wasteful_grid w"));
  EXPECT_THAT(MessageOf(grid),
              HasSubstr("a grid of 625 trials tries 5 values of w; as many random ones would try "
                        "625"));
  EXPECT_THAT(CodesOf(std::string(kFour) + "sampler { algorithm: RANDOM }"), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(kOne) + "sampler { algorithm: GRID }"), IsEmpty());
  EXPECT_THAT(CodesOf(Parameter(R"(name: "a" type: INT min: 1 max: 4 scale: LINEAR)") +
                      Parameter(R"(name: "b" type: INT min: 1 max: 4 scale: LINEAR)") +
                      "sampler { algorithm: GRID }"),
              IsEmpty())
      << "it tries all there is";
}

TEST(LintPlan, RungsThatComeTooLate) {
  const std::string base = std::string(kOne) + "limits { max_trials: 20 } " + kNetwork;
  EXPECT_THAT(CodesOf(base + "pruner { algorithm: ASHA grace: 6 eta: 3 }"),
              ElementsAre("late_rungs"));
  EXPECT_THAT(MessageOf(base + "pruner { algorithm: ASHA grace: 6 eta: 3 }"),
              HasSubstr("before step 6 of 10, and so saves 26.7 % of the steps at most"));
  EXPECT_THAT(CodesOf(base + "pruner { algorithm: MEDIAN grace: 12 warm_up: 5 }"),
              ElementsAre("late_rungs"));
  for (const char* fine :
       {"pruner { algorithm: ASHA grace: 3 eta: 3 }",
        "pruner { algorithm: MEDIAN grace: 1 warm_up: 5 }", "pruner { algorithm: NONE }"}) {
    EXPECT_THAT(CodesOf(base + fine), IsEmpty()) << fine;
  }
}

TEST(Lint, PutsWarningsFirst) {
  EXPECT_THAT(CodesOf(Parameter(R"(name: "c" type: DOUBLE min: 0.01 max: 1 scale: LINEAR)") +
                      std::string(kFour) + "limits { max_trials: 15 parallel: 9 }"),
              ElementsAre("linear_over_decades c", "parallel_too_large", "[too_few_trials]"));
}

}  // namespace
}  // namespace caviar::analysis
