#include "server/coordinator/objective_validation.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "server/coordinator/study_validation.h"
#include "tests/server/coordinator/studies.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char kRest[] = R"(
    name: "s"
    trainer { external {} }
    parameters { name: "x" type: DOUBLE min: 0 max: 1 } )";
const char kOne[] = "objective { metric: 'accuracy' goal: MAXIMIZE } ";
const char kTwo[] =
    "objectives { metric: 'accuracy' goal: MAXIMIZE } "
    "objectives { metric: 'latency' goal: MINIMIZE } ";

v1::Study WithObjectives(const std::string& objectives) { return StudyOf(kRest + objectives); }

v1::Study BuiltIn(const std::string& objectives) {
  v1::Study study = WithObjectives(objectives);
  v1::BatchNormNetwork& network = *study.mutable_trainer()->mutable_batch_norm_network();
  network.mutable_data()->mutable_idx()->set_train_images("a");
  network.mutable_data()->mutable_idx()->set_train_labels("b");
  network.set_epochs(8);
  study.mutable_parameters(0)->set_name("learning_rate");
  study.mutable_parameters(0)->set_min(0.1);
  return study;
}

TEST(ObjectiveValidation, ThereIsOneObjectiveOrSeveral) {
  EXPECT_THAT(ValidateStudy(WithObjectives(kOne)), IsEmpty());
  EXPECT_THAT(ValidateStudy(WithObjectives(kTwo)), IsEmpty());
  EXPECT_EQ(Only(WithObjectives("")),
            "objective: is missing: a metric and a goal; or several objectives");
  EXPECT_EQ(Only(WithObjectives(absl::StrCat(kOne, kTwo))),
            "objectives: stand beside objective; there is one objective, or a list of them");
}

TEST(ObjectiveValidation, SeveralAreTwoToFour) {
  EXPECT_EQ(Only(WithObjectives("objectives { metric: 'a' goal: MAXIMIZE }")),
            "objectives: has only one; write objective: {metric: ..., goal: ...}");
  std::string many;
  for (int i = 0; i < 4; ++i)
    absl::StrAppend(&many, "objectives { metric: 'm", i, "' goal: MINIMIZE } ");
  EXPECT_THAT(ValidateStudy(WithObjectives(many)), IsEmpty());
  absl::StrAppend(&many, "objectives { metric: 'm4' goal: MINIMIZE }");
  EXPECT_THAT(Only(WithObjectives(many)), HasSubstr("objectives: has 5; at most 4"));
}

TEST(ObjectiveValidation, EachIsAMetricOfItsOwnWithAGoal) {
  v1::Study study = WithObjectives(kTwo);
  study.mutable_objectives(1)->set_metric("accuracy");
  EXPECT_EQ(Only(study),
            "objectives[1].metric: \"accuracy\" is an objective already; each is another metric");
  study.mutable_objectives(1)->clear_metric();
  EXPECT_THAT(Only(study), HasSubstr("objectives[1].metric: is missing"));
  study = WithObjectives(kTwo);
  study.mutable_objectives(1)->clear_goal();
  EXPECT_THAT(Only(study), HasSubstr("objectives[1].goal: is missing or unknown"));
}

TEST(ObjectiveValidation, SeveralAreReadAtTheLastStepAndHaveNoTarget) {
  v1::Study study = WithObjectives(kTwo);
  study.mutable_objectives(0)->set_value(v1::Objective::LAST);
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study.mutable_objectives(0)->set_value(v1::Objective::BEST);
  EXPECT_THAT(Only(study), HasSubstr("objectives[0].value: best is another step for each"));
  study.mutable_objectives(0)->set_value(static_cast<v1::Objective::ValueOf>(9));
  EXPECT_EQ(Only(study), "objectives[0].value: is unknown: last");
  study = WithObjectives(kTwo);
  study.mutable_objectives(1)->set_target(3);
  EXPECT_THAT(Only(study),
              HasSubstr("objectives[1].target: belongs to a study with one objective"));
}

TEST(ObjectiveValidation, SeveralTakeNoPrunerAndNoLimitOnGain) {
  v1::Study study = WithObjectives(kTwo);
  study.mutable_pruner()->set_algorithm(v1::Pruner::MEDIAN);
  EXPECT_THAT(Only(study), HasSubstr("pruner.algorithm: median compares trials by one objective"));
  study.mutable_pruner()->set_algorithm(v1::Pruner::NONE);
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study.mutable_limits()->mutable_no_gain()->set_trials(9);
  EXPECT_THAT(Only(study), HasSubstr("limits.no_gain: needs one best trial"));
}

TEST(ObjectiveValidation, SeveralTakeTheSamplersThatCanUseThem) {
  v1::Study study = WithObjectives(kTwo);
  for (const auto good :
       {v1::Sampler::ALGORITHM_UNSPECIFIED, v1::Sampler::AUTO, v1::Sampler::GP, v1::Sampler::TPE,
        v1::Sampler::SOBOL, v1::Sampler::RANDOM, v1::Sampler::GRID}) {
    study.mutable_sampler()->set_algorithm(good);
    EXPECT_THAT(ValidateStudy(study), IsEmpty()) << good;
  }
  study.mutable_sampler()->set_algorithm(v1::Sampler::CMA_ES);
  EXPECT_EQ(Only(study),
            "sampler.algorithm: cma_es goes after one objective, and this study has several: auto, "
            "gp, tpe, sobol, random or grid");
  study.mutable_sampler()->set_algorithm(v1::Sampler::COARSE_TO_FINE);
  EXPECT_THAT(Only(study), HasSubstr("sampler.algorithm: coarse_to_fine goes after one"));
}

TEST(ObjectiveValidation, TheBuiltInTrainerMeasuresWhatSeveralAreAbout) {
  v1::Study study = BuiltIn(
      "objectives { metric: 'validation_accuracy' goal: MAXIMIZE } "
      "objectives { metric: 'train_loss' goal: MINIMIZE } ");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  v1::Parameter& patience = *study.add_parameters();
  patience.set_name("early_stopping_patience");
  patience.mutable_value()->set_int_value(3);
  EXPECT_THAT(Only(study), HasSubstr("parameters.early_stopping_patience: early stopping keeps the "
                                     "weights of the best epoch, but several objectives"));
  study.mutable_parameters()->RemoveLast();
  study.mutable_objectives(1)->set_goal(v1::Objective::MAXIMIZE);
  EXPECT_THAT(Only(study), HasSubstr("objectives[1].goal: maximize does not fit train_loss"));
  study.mutable_objectives(1)->set_metric("latency");
  EXPECT_THAT(Only(study),
              HasSubstr("objectives[1].metric: \"latency\" is not an objective that the built-in"));
}

v1::Study Bounded(const std::string& constraint) {
  return WithObjectives(absl::StrCat(kOne, "constraints { ", constraint, " }"));
}

TEST(ConstraintValidation, AConstraintIsAMetricWithABound) {
  for (const char* good : {"metric: 'latency' max: 10", "metric: 'latency' min: -1 max: -1",
                           "metric: 'latency' min: 0"}) {
    EXPECT_THAT(ValidateStudy(Bounded(good)), IsEmpty()) << good;
  }
  EXPECT_EQ(Only(Bounded("metric: 'latency'")), "constraints[0]: has no bound: min, max or both");
  EXPECT_THAT(Only(Bounded("max: 1")), HasSubstr("constraints[0].metric: is missing"));
  EXPECT_THAT(Only(Bounded("metric: 'a b' max: 1")), HasSubstr("constraints[0].metric: \"a b\""));
  EXPECT_EQ(Only(Bounded("metric: 'latency' min: 2 max: 1")),
            "constraints[0].min: 2 is above max, 1: nothing keeps both");
  v1::Study study = Bounded("metric: 'latency' max: 1");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bad : {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    study.mutable_constraints(0)->set_max(bad);
    EXPECT_THAT(Only(study), HasSubstr("is not a finite number")) << bad;
  }
}

TEST(ConstraintValidation, MetricsAreDistinctAndNoObjectives) {
  EXPECT_THAT(Only(Bounded("metric: 'accuracy' min: 0.5")),
              HasSubstr("constraints[0].metric: \"accuracy\" is an objective"));
  EXPECT_THAT(Only(Bounded("metric: 'latency' max: 1 } constraints { metric: 'latency' min: 0")),
              HasSubstr("constraints[1].metric: \"latency\" has a constraint already"));
  EXPECT_THAT(Only(WithObjectives(absl::StrCat(kTwo, "constraints { metric: 'latency' max: 1 }"))),
              HasSubstr("constraints[0].metric: \"latency\" is an objective"));
}

TEST(ConstraintValidation, ThereAreAtMostSixteen) {
  v1::Study study = WithObjectives(kOne);
  for (int i = 0; i < 16; ++i) {
    study.add_constraints()->set_metric(absl::StrCat("m", i));
    study.mutable_constraints(i)->set_max(1);
  }
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study.add_constraints();
  EXPECT_EQ(Only(study), "constraints: has 17; at most 16");
}

TEST(ConstraintValidation, TheBuiltInTrainerReportsTheMetric) {
  const std::string objective = "objective { metric: 'validation_accuracy' goal: MAXIMIZE } ";
  for (const char* metric : {"train_loss", "gradient_norm", "samples_per_second"}) {
    EXPECT_THAT(ValidateStudy(BuiltIn(
                    absl::StrCat(objective, "constraints { metric: '", metric, "' max: 9 }"))),
                IsEmpty())
        << metric;
  }
  EXPECT_THAT(Only(BuiltIn(objective + "constraints { metric: 'train_los' max: 9 }")),
              HasSubstr("constraints[0].metric: \"train_los\" is not a metric that the built-in "
                        "trainer measures: "));
}

TEST(ConstraintValidation, ConstraintsGoWithAnyPruner) {
  v1::Study study = Bounded("metric: 'latency' max: 1");
  for (const auto algorithm : {v1::Pruner::MEDIAN, v1::Pruner::WILCOXON}) {
    study.mutable_pruner()->set_algorithm(algorithm);
    EXPECT_THAT(ValidateStudy(study), IsEmpty()) << algorithm;
  }
}

TEST(FillDefaults, SaysWhichMeasurementCounts) {
  v1::Study one = WithObjectives(kOne), two = WithObjectives(kTwo);
  FillDefaults(one);
  EXPECT_EQ(one.objective().value(), v1::Objective::BEST);
  FillDefaults(two);
  EXPECT_FALSE(two.has_objective());
  for (const v1::Objective& objective : two.objectives()) {
    EXPECT_EQ(objective.value(), v1::Objective::LAST);
  }
}

}  // namespace
}  // namespace caviar::coordinator
