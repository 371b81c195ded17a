// Rules that read what was tried: each speaks here and is silent there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "made_studies.h"
#include "server/analysis/lint.h"

namespace caviar::analysis {
namespace {

using search_space::Configuration;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> CodesOf(const v1::Study& study, const std::vector<TrialRecord>& trials) {
  std::vector<std::string> codes;
  const v1::LintStudyResponse response = Lint(study, trials);
  for (const v1::Finding& finding : response.findings()) {
    codes.push_back(finding.parameter().empty() ? finding.code()
                                                : finding.code() + " " + finding.parameter());
  }
  return codes;
}
std::string FirstMessage(const v1::Study& study, const std::vector<TrialRecord>& trials) {
  const auto response = Lint(study, trials);
  return response.findings().empty() ? "" : response.findings(0).message();
}

v1::Study OneParameter(const std::string& text) { return MakeStudy("parameters { " + text + " }"); }

// Losses fall towards `place` on the parameter's own scale.
std::vector<TrialRecord> BestAt(const v1::Study& study, double place, int count = 40) {
  const auto space = *search_space::SearchSpace::Create(study.parameters());
  return RandomTrials(study, count, [&](const Configuration& configuration) {
    return std::abs(space.ToPoint(configuration)->front() - place);
  });
}

TEST(LintEdges, TheBestAtAnEdgeSuggestAWiderRange) {
  const v1::Study log = OneParameter(R"(name: "c" type: DOUBLE min: 0.001 max: 0.1 scale: LOG)");
  EXPECT_THAT(CodesOf(log, BestAt(log, 1.1, 100)), ElementsAre("best_at_edge c"));
  EXPECT_THAT(FirstMessage(log, BestAt(log, 1.1, 100)), HasSubstr("try max: 1"));
  EXPECT_THAT(FirstMessage(log, BestAt(log, -0.1, 100)), HasSubstr("try min: 0.0001"));
  EXPECT_THAT(CodesOf(log, BestAt(log, 0.5, 100)), IsEmpty());
  EXPECT_THAT(CodesOf(log, BestAt(log, 1.1, 19)), IsEmpty()) << "too early to say";

  const v1::Study average =
      OneParameter(R"(name: "m" type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG)");
  EXPECT_THAT(FirstMessage(average, BestAt(average, 1.1, 100)), HasSubstr("try max: 1"));
  const v1::Study linear = OneParameter(R"(name: "c" type: DOUBLE min: 2 max: 4 scale: LINEAR)");
  EXPECT_THAT(FirstMessage(linear, BestAt(linear, 1.1, 100)), HasSubstr("try max: 5"));
  EXPECT_THAT(FirstMessage(linear, BestAt(linear, -0.1, 100)), HasSubstr("try min: 1"));
}

TEST(LintEdges, WhatCannotBeWidenedIsLeftAlone) {
  const v1::Study share = OneParameter(R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)");
  EXPECT_THAT(CodesOf(share, BestAt(share, -0.1, 100)), IsEmpty());
  EXPECT_THAT(CodesOf(share, BestAt(share, 1.1, 100)), IsEmpty());
  v1::Study layers =
      OneParameter(R"(name: "hidden_layers" type: INT min: 0 max: 64 scale: LINEAR)");
  layers.mutable_trainer()->mutable_batch_norm_network()->set_epochs(10);
  layers.mutable_limits()->set_max_trials(100);
  EXPECT_THAT(CodesOf(layers, BestAt(layers, 1.1, 100)), IsEmpty()) << "the trainer takes no more";
  layers.mutable_parameters(0)->set_max(20);
  EXPECT_THAT(FirstMessage(layers, BestAt(layers, 1.1, 100)), HasSubstr("try max: 30"));
}

TEST(LintEdges, AShortListOfValuesNeedsMoreEvidence) {
  const v1::Study four = OneParameter(R"(name: "n" type: INT min: 1 max: 4 scale: LINEAR)");
  const auto by_chance = RandomTrials(
      four, 40, [number = 0](const Configuration&) mutable { return (number++ * 7) % 40; });
  EXPECT_THAT(CodesOf(four, by_chance), IsEmpty());
  EXPECT_THAT(CodesOf(four, BestAt(four, 1.1, 40)), ElementsAre("best_at_edge n"));
}

TEST(LintFailures, FailedAndInfeasibleTrials) {
  const v1::Study study = OneParameter(R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)");
  std::vector<TrialRecord> trials = BestAt(study, 0.5, 10);
  EXPECT_THAT(CodesOf(study, trials), IsEmpty());
  const auto make = [&](size_t count, v1::Trial::State state) {
    std::vector<TrialRecord> some = trials;
    for (size_t i = 0; i < count; ++i) {
      some[i].state = state;
      some[i].objective.reset();
      some[i].message = "out of memory";
    }
    return some;
  };
  EXPECT_THAT(CodesOf(study, make(1, v1::Trial::FAILED)), IsEmpty());
  EXPECT_THAT(CodesOf(study, make(2, v1::Trial::FAILED)), ElementsAre("many_failed"));
  EXPECT_THAT(FirstMessage(study, make(10, v1::Trial::FAILED)),
              HasSubstr("every trial FAILED, trial 9 last: \"out of memory\""));
  EXPECT_THAT(CodesOf(study, make(2, v1::Trial::INFEASIBLE)), IsEmpty());
  EXPECT_THAT(CodesOf(study, make(3, v1::Trial::INFEASIBLE)), ElementsAre("many_infeasible"));
}

TEST(LintImportance, WhatDoesNotMatterIsToBeFixed) {
  const v1::Study study = MakeStudy(R"(
    parameters { name: "a" type: DOUBLE min: 0 max: 1 scale: LINEAR }
    parameters { name: "b" type: DOUBLE min: 0 max: 1 scale: LINEAR }
    parameters { name: "c" type: BOOL })");
  const auto loss = [](const Configuration& x) {
    return std::abs(Number(x, "a") - 0.5) + std::abs(Number(x, "b") - 0.4);
  };
  EXPECT_THAT(CodesOf(study, RandomTrials(study, 300, loss)), ElementsAre("unimportant c"));
  EXPECT_THAT(FirstMessage(study, RandomTrials(study, 300, loss)), HasSubstr("fix it next time"));
  EXPECT_THAT(CodesOf(study, RandomTrials(study, 40, loss)), IsEmpty()) << "too early to say";
  const auto noise = [number = 0](const Configuration&) mutable { return (number++ * 37) % 300; };
  for (const std::string& code : CodesOf(study, RandomTrials(study, 300, noise))) {
    EXPECT_NE(code, "best_at_edge a");
    EXPECT_THAT(code, Not(HasSubstr("unimportant"))) << "nothing is known";
  }
}

// Losses that fall by `rate` of what is left each step, to `end`.
std::vector<double> Falling(double end, double rate, int steps) {
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) losses.push_back(end + std::pow(1 - rate, i));
  return losses;
}

std::vector<TrialRecord> WithCurves(const v1::Study& study, double rate, int steps) {
  std::vector<TrialRecord> trials = BestAt(study, 0.5, 12);
  for (TrialRecord& trial : trials) {
    trial.curve = Curve(Falling(*trial.objective, rate, steps));
    trial.objective = trial.curve.back().value;
  }
  return trials;
}

TEST(LintCurves, TrainingThatStillGainsWants) {
  const v1::Study study = OneParameter(R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)");
  EXPECT_THAT(CodesOf(study, WithCurves(study, 0.05, 8)), ElementsAre("still_improving"));
  EXPECT_THAT(FirstMessage(study, WithCurves(study, 0.05, 8)),
              HasSubstr("5 of the best 5 trials are best at their last step, 8"));
  EXPECT_THAT(CodesOf(study, WithCurves(study, 0.6, 20)), IsEmpty()) << "it has converged";
  EXPECT_THAT(CodesOf(study, WithCurves(study, 0.05, 3)), IsEmpty()) << "hardly a curve";
  auto overfitting = WithCurves(study, 0.05, 8);
  for (TrialRecord& trial : overfitting) trial.curve[4].value = -10;
  EXPECT_THAT(CodesOf(study, overfitting), IsEmpty());
}

TEST(LintCurves, NoiseLargerThanTheDifferences) {
  const v1::Study study = OneParameter(R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)");
  const auto with_noise = [&](double noise) {
    std::vector<TrialRecord> trials = BestAt(study, 0.5, 12);
    std::mt19937 random(3);
    for (TrialRecord& trial : trials) {
      std::vector<double> values;
      for (int i = 0; i < 20; ++i) {
        values.push_back(*trial.objective +
                         noise * (static_cast<double>(random()) / 4294967296.0 - 0.5));
      }
      trial.curve = Curve(values);
    }
    return trials;
  };
  EXPECT_THAT(CodesOf(study, with_noise(3)), ElementsAre("flat_objective"));
  EXPECT_THAT(CodesOf(study, with_noise(0.05)), IsEmpty());
  const auto same = RandomTrials(study, 12, [](const Configuration&) { return 0.25; });
  EXPECT_THAT(CodesOf(study, same), ElementsAre("flat_objective"));
  EXPECT_THAT(FirstMessage(study, same), HasSubstr("are the same, 0.25"));
}

TEST(LintCurves, AFirstRungThatStopsNearlyAll) {
  const auto with = [](const std::string& pruner, int stopped) {
    const v1::Study study =
        MakeStudy(R"(parameters { name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR } )" + pruner);
    std::vector<TrialRecord> trials = BestAt(study, 0.5, 40);
    for (int i = 0; i < 40; ++i) {
      TrialRecord& trial = trials[static_cast<size_t>(i)];
      trial.curve = Curve({3, 2});
      if (i >= stopped) continue;
      trial.state = v1::Trial::PRUNED;
      trial.decisions = {{2, v1::PrunerDecision::STOP}};
    }
    return CodesOf(study, trials);
  };
  const std::string asha = "pruner { algorithm: ASHA grace: 2 eta: 3 max_step: 27 }";
  EXPECT_THAT(with(asha, 38), ElementsAre("first_rung_stops_all"));
  EXPECT_THAT(with(asha, 30), IsEmpty());
  EXPECT_THAT(with("pruner { algorithm: ASHA grace: 2 eta: 20 max_step: 27 }", 38), IsEmpty())
      << "that is what it was asked for";
}

TEST(Lint, TakesTrialsWithNothingInThem) {
  const v1::Study study = OneParameter(R"(name: "c" type: DOUBLE min: 0 max: 1 scale: LINEAR)");
  std::vector<TrialRecord> trials(50);
  for (size_t i = 0; i < trials.size(); ++i) {
    trials[i].state = static_cast<v1::Trial::State>(1 + i % 8);
    trials[i].curve = {{1, std::nan(""), 5}, {2, HUGE_VAL, 5}};
    if (i % 3 == 0) trials[i].objective = 0;
  }
  EXPECT_NO_FATAL_FAILURE(Lint(study, trials));
}

}  // namespace
}  // namespace caviar::analysis
