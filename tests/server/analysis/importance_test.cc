#include "server/analysis/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "made_studies.h"

namespace caviar::analysis {
namespace {

using search_space::Configuration;
using ::testing::HasSubstr;

constexpr char kThree[] = R"(
  parameters { name: "a" type: DOUBLE min: 0 max: 1 }
  parameters { name: "b" type: DOUBLE min: 0 max: 1 }
  parameters { name: "c" type: DOUBLE min: 0 max: 1 })";

double Square(double x) { return x * x; }

double Weighted(const Configuration& configuration) {
  return 8 * Square(Number(configuration, "a") - 0.3) + Square(Number(configuration, "b") - 0.6);
}

std::map<std::string, double> Importances(const v1::Study& study,
                                          const std::vector<TrialRecord>& trials) {
  std::map<std::string, double> importances;
  double sum = 0;
  const auto response = ComputeImportance(study, study.objective().goal(), trials);
  for (const v1::ParameterImportance& parameter : response.parameters()) {
    importances[parameter.parameter()] = parameter.importance();
    sum += parameter.importance();
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  return importances;
}

// Of the variance of 8 (a - 0.3)^2 + (b - 0.6)^2 over the square, a has 99.3 %.
TEST(Importance, FollowsTheWeightsOfASum) {
  const v1::Study study = MakeStudy(kThree);
  for (const int count : {30, 200, 10000}) {
    const auto importances = Importances(study, RandomTrials(study, count, Weighted));
    EXPECT_NEAR(importances.at("a"), 0.993, 0.02) << count;
    EXPECT_NEAR(importances.at("b"), 0.007, 0.02) << count;
    EXPECT_LT(importances.at("c"), 0.01) << count;
  }
  const auto response =
      ComputeImportance(study, v1::Objective::MINIMIZE, RandomTrials(study, 200, Weighted));
  EXPECT_EQ(response.parameters(0).parameter(), "a");
  EXPECT_EQ(response.parameters(0).trials(), 200);
  EXPECT_EQ(response.method(),
            "fANOVA over 200 trials, 200 of them with a result: total effects by a forest of 64 "
            "trees on a quadratic trend");
  EXPECT_THAT(ComputeImportance(study, v1::Objective::MINIMIZE, RandomTrials(study, 2001, Weighted))
                  .method(),
              HasSubstr("trend of 2000 of them"));
}

// Most trials near the best on the axis that matters most: so samplers look that learn.
TEST(Importance, IsThatOfTheSpaceWhereverTheTrialsAre) {
  const v1::Study study = MakeStudy(kThree);
  std::vector<TrialRecord> trials = RandomTrials(study, 60, Weighted);
  for (TrialRecord& trial : trials) {
    if (trial.number < 15) continue;
    const double a = Number(trial.parameters, "a");
    trial.parameters["a"].set_double_value(0.3 + 0.05 * (a - 0.5));
    trial.objective = Weighted(trial.parameters);
  }
  EXPECT_GT(Importances(study, trials).at("a"), 0.8);
}

// Neither has an effect on the mean.
TEST(Importance, CountsWhatMattersOnlyTogether) {
  const v1::Study study = MakeStudy(kThree);
  const auto importances =
      Importances(study, RandomTrials(study, 200, [](const Configuration& x) {
                    return (Number(x, "a") < 0.5) == (Number(x, "b") < 0.5) ? 0.0 : 1.0;
                  }));
  EXPECT_NEAR(importances.at("a"), 0.5, 0.1);
  EXPECT_NEAR(importances.at("b"), 0.5, 0.1);
}

TEST(Importance, IsTheSameWhereverItIsComputed) {
  const v1::Study study = MakeStudy(kThree);
  const auto trials = RandomTrials(study, 100, Weighted);
  const auto compute = [&] {
    return ComputeImportance(study, v1::Objective::MINIMIZE, trials).SerializeAsString();
  };
  EXPECT_EQ(compute(), compute());
}

TEST(Importance, OfAFewDivergedTrialsIsNotAllThatIsSeen) {
  const v1::Study study = MakeStudy(kThree);
  for (const double diverged : {1e3, 1e308}) {
    std::vector<TrialRecord> trials = RandomTrials(study, 200, Weighted);
    int left = 6;
    for (TrialRecord& trial : trials) {
      if (Number(trial.parameters, "c") > 0.9 && left-- > 0) trial.objective = diverged;
    }
    EXPECT_GT(Importances(study, trials).at("a"), 0.6) << diverged;
  }
}

TEST(WorstKept, LeavesWhatIsNotFarOut) {
  EXPECT_EQ(WorstKept({3, 1, 2}), 3);
  EXPECT_EQ(WorstKept({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000}), 7 + 3 * 5);
  EXPECT_EQ(WorstKept({0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7}), 5) << "a tenth at most";
  EXPECT_EQ(WorstKept({1}), 1);
}

TEST(Importance, KeepsLinearConstraints) {
  v1::Study study = MakeStudy(kThree);
  v1::LinearConstraint& constraint = *study.add_linear_constraints();
  (*constraint.mutable_coefficients())["a"] = 1;
  (*constraint.mutable_coefficients())["b"] = 1;
  constraint.set_max(0.6);
  std::vector<TrialRecord> trials;
  for (TrialRecord& trial : RandomTrials(study, 900, Weighted)) {
    if (Number(trial.parameters, "a") + Number(trial.parameters, "b") <= 0.6) {
      trials.push_back(std::move(trial));
    }
  }
  EXPECT_GT(Importances(study, trials).at("a"), 0.7);
}

TEST(Importance, OfAMaximizedObjectiveLooksAtTheOtherEnd) {
  v1::Study study = MakeStudy(kThree);
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  const auto importances = Importances(
      study, RandomTrials(study, 200, [](const Configuration& x) { return -Weighted(x); }));
  EXPECT_GT(importances.at("a"), 0.6);
}

// Over a linear axis hardly anything but the greatest rates would count.
TEST(Importance, IsMeasuredOnTheScaledAxis) {
  const auto both = [](const Configuration& x) {
    return std::abs(std::log10(Number(x, "rate")) + 3) / 3 + std::abs(Number(x, "a") - 0.5) / 0.5;
  };
  const v1::Study study = MakeStudy(R"(
    parameters { name: "rate" type: DOUBLE min: 1e-6 max: 1 scale: LOG }
    parameters { name: "a" type: DOUBLE min: 0 max: 1 })");
  const auto importances = Importances(study, RandomTrials(study, 2000, both));
  EXPECT_NEAR(importances.at("rate"), 0.5, 0.05);
}

TEST(Importance, CountsCategoriesAndOrdinals) {
  const v1::Study study = MakeStudy(R"(
    parameters { name: "kind" type: CATEGORICAL values { string_value: "x" }
                 values { string_value: "y" } values { string_value: "z" } }
    parameters { name: "layers" type: INT min: 1 max: 4 }
    parameters { name: "flag" type: BOOL }
    parameters { name: "a" type: DOUBLE min: 0 max: 1 })");
  const auto importances = Importances(study, RandomTrials(study, 300, [](const Configuration& x) {
                                         return (x.at("kind").string_value() == "y" ? 0 : 5) +
                                                static_cast<double>(x.at("layers").int_value()) +
                                                0.1 * Number(x, "a");
                                       }));
  // Variances of 50 / 9 and 5 / 4.
  EXPECT_NEAR(importances.at("kind"), 0.82, 0.03);
  EXPECT_NEAR(importances.at("layers"), 0.18, 0.03);
  EXPECT_LT(importances.at("flag"), 0.05);
  EXPECT_LT(importances.at("a"), 0.1);
}

TEST(Importance, OfAConditionalParameterIsThatOfTheTrialsThatHaveIt) {
  const v1::Study study = MakeStudy(R"(
    parameters { name: "kind" type: CATEGORICAL values { string_value: "sgd" }
                 values { string_value: "adam" } }
    parameters { name: "momentum" type: DOUBLE min: 0 max: 1
                 when { parameter: "kind" values { string_value: "sgd" } } }
    parameters { name: "idle" type: DOUBLE min: 0 max: 1
                 when { parameter: "kind" values { string_value: "adam" } } })");
  const auto trials = RandomTrials(study, 400, [](const Configuration& x) {
    return x.contains("momentum") ? Square(Number(x, "momentum") - 0.9) : 0.3;
  });
  const auto importances = Importances(study, trials);
  EXPECT_GT(importances.at("momentum"), importances.at("idle") + 0.3);
  const auto response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  for (const v1::ParameterImportance& parameter : response.parameters()) {
    if (parameter.parameter() == "kind") {
      EXPECT_EQ(parameter.trials(), 400);
    } else {
      EXPECT_NEAR(parameter.trials(), 200, 40) << parameter.parameter();
    }
  }
}

// Large c is where trials are pruned, or have no finite result.
TEST(Importance, CountsWhatWasCutShortAsWorseThanMost) {
  for (const auto state : {v1::Trial::PRUNED, v1::Trial::INFEASIBLE, v1::Trial::FAILED}) {
    const v1::Study study = MakeStudy(kThree);
    std::vector<TrialRecord> trials =
        RandomTrials(study, 400, [](const Configuration& x) { return 0.2 * Number(x, "a"); });
    for (TrialRecord& trial : trials) {
      if (Number(trial.parameters, "c") < 0.5) continue;
      trial.state = state;
      trial.objective.reset();
    }
    const auto importances = Importances(study, trials);
    if (state == v1::Trial::FAILED) {
      EXPECT_LT(importances.at("c"), 0.05);
    } else {
      EXPECT_GT(importances.at("c"), 0.1) << state;
    }
    EXPECT_LT(importances.at("b"), 0.05) << state;
  }
}

TEST(Importance, ReadsNoOrderIntoEqualResults) {
  const v1::Study study = MakeStudy(kThree);
  std::vector<TrialRecord> trials =
      RandomTrials(study, 100, [](const Configuration&) { return 0.5; });
  // In their order the parameter grows, so that "the first ten" would be a finding.
  for (TrialRecord& trial : trials) {
    trial.parameters["a"].set_double_value(trial.number / 100.0);
  }
  const auto response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  ASSERT_EQ(response.parameters_size(), 3);
  for (const auto& parameter : response.parameters()) EXPECT_EQ(parameter.importance(), 0);
  EXPECT_THAT(response.method(), HasSubstr("no parameter makes a difference"));
}

TEST(Importance, SaysSoWhereThereAreTooFewTrials) {
  const v1::Study study = MakeStudy(kThree);
  std::vector<TrialRecord> trials = RandomTrials(study, 9, Weighted);
  auto response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  EXPECT_EQ(response.parameters_size(), 0);
  EXPECT_EQ(response.method(),
            "too few trials: 9 finished, 9 of them with a result; it takes 10 and 3");
  trials = RandomTrials(study, 10, Weighted);
  EXPECT_EQ(ComputeImportance(study, v1::Objective::MINIMIZE, trials).parameters_size(), 3);
  for (size_t i = 0; i < 8; ++i) trials[i].state = v1::Trial::PRUNED;
  response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  EXPECT_THAT(response.method(), HasSubstr("10 finished, 2 of them with a result"));
}

TEST(Importance, LeavesOutFixedParametersAndForeignConfigurations) {
  v1::Study study = MakeStudy(kThree);
  std::vector<TrialRecord> trials = RandomTrials(study, 50, Weighted);
  v1::Parameter& fixed = *study.add_parameters();
  fixed.set_name("fixed");
  fixed.mutable_value()->set_int_value(3);
  for (TrialRecord& trial : trials) trial.parameters["fixed"].set_int_value(3);
  trials[0].parameters.erase("a");
  trials[1].parameters["a"].set_double_value(17);
  const auto response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  EXPECT_EQ(response.parameters_size(), 3);
  EXPECT_EQ(response.parameters(0).trials(), 48);
}

}  // namespace
}  // namespace caviar::analysis
