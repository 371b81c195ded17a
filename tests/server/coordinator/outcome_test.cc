#include "server/coordinator/outcome.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/server/coordinator/studies.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Maximizes accuracy, with these constraints.
v1::Study OneObjective(const std::string& more = "") {
  return StudyOf("objective { metric: 'accuracy' goal: MAXIMIZE value: BEST }" + more);
}

v1::Study BoundedLatency() { return OneObjective("constraints { metric: 'latency' max: 10 }"); }

v1::Study TwoObjectives() {
  return StudyOf(
      "objectives { metric: 'accuracy' goal: MAXIMIZE value: LAST } "
      "objectives { metric: 'latency' goal: MINIMIZE value: LAST }");
}

TEST(ReadOutcome, TakesTheBestOrTheLastMeasurementOfTheObjective) {
  const Curve curve = {{1, 0.5}, {2, 0.75}, {3, 0.75}, {4, kNan}, {5, 0.25}};
  v1::Study study = OneObjective();
  Outcome outcome = ReadOutcome(study, curve, {});
  EXPECT_EQ(outcome.state, v1::Trial::COMPLETED);
  EXPECT_EQ(outcome.step, 2) << "the earliest of equals";
  EXPECT_EQ(outcome.objective, 0.75);
  EXPECT_THAT(outcome.values, IsEmpty()) << "the objective says it all";
  EXPECT_EQ(outcome.feasible, std::nullopt);
  study.mutable_objective()->set_value(v1::Objective::LAST);
  outcome = ReadOutcome(study, curve, {});
  EXPECT_EQ(outcome.step, 5);
  EXPECT_EQ(outcome.objective, 0.25);
}

TEST(ReadOutcome, AnObjectiveThatIsNotFiniteIsInfeasibleAndAMissingOneFailed) {
  const Outcome outcome = ReadOutcome(OneObjective(), {{1, kNan}, {2, kInfinity}}, {});
  EXPECT_EQ(outcome.state, v1::Trial::INFEASIBLE);
  EXPECT_EQ(outcome.message, "the objective is not finite: accuracy is inf at step 2")
      << "as it came";
  const Outcome missing = ReadOutcome(OneObjective(), {}, {});
  EXPECT_EQ(missing.state, v1::Trial::FAILED);
  EXPECT_EQ(missing.message,
            "no measurement of the objective 'accuracy' was reported; the trainer has to report it "
            "at least once");
  EXPECT_TRUE(IsWhyNotCompleted(outcome.message));
  EXPECT_TRUE(IsWhyNotCompleted(missing.message));
  EXPECT_FALSE(IsWhyNotCompleted("out of memory"));
}

TEST(ReadOutcome, ConstraintsAreReadAtTheObjectivesStep) {
  const Outcome kept = ReadOutcome(BoundedLatency(), {{1, 0.5}, {2, 0.75}},
                                   {{"latency", {{1, 99}, {2, 10}, {3, 99}}}});
  EXPECT_EQ(kept.feasible, true) << "bounds are included";
  EXPECT_THAT(kept.values, ElementsAre(Pair("accuracy", 0.75), Pair("latency", 10)));
  const Outcome broken =
      ReadOutcome(BoundedLatency(), {{1, 0.5}, {2, 0.75}}, {{"latency", {{1, 1}, {2, 10.5}}}});
  EXPECT_EQ(broken.state, v1::Trial::COMPLETED);
  EXPECT_EQ(broken.feasible, false);
  EXPECT_EQ(broken.objective, 0.75);
  EXPECT_EQ(broken.values.at("latency"), 10.5);
}

TEST(ReadOutcome, AConstraintThatWasNotMeasuredThereIsReadBeforeOrElseAfter) {
  const Curve curve = {{5, 0.75}};
  EXPECT_EQ(ReadOutcome(BoundedLatency(), curve, {{"latency", {{1, 1}, {4, 2}, {6, 3}}}})
                .values.at("latency"),
            2);
  EXPECT_EQ(
      ReadOutcome(BoundedLatency(), curve, {{"latency", {{6, 3}, {7, 4}}}}).values.at("latency"),
      3);
}

TEST(ReadOutcome, AConstraintThatWasNeverMeasuredFailsTheTrial) {
  for (const Curves& others : {Curves{}, Curves{{"latency", {}}}}) {
    const Outcome outcome = ReadOutcome(BoundedLatency(), {{1, 0.5}}, others);
    EXPECT_EQ(outcome.state, v1::Trial::FAILED);
    EXPECT_EQ(outcome.message,
              "no measurement of the constraint 'latency' was reported; the trainer has to report "
              "it at least once");
    EXPECT_TRUE(IsWhyNotCompleted(outcome.message));
  }
}

TEST(ReadOutcome, AConstraintWithoutAFiniteValueIsNotKept) {
  for (const double value : {kNan, kInfinity, -kInfinity}) {
    const Outcome outcome = ReadOutcome(BoundedLatency(), {{1, 0.5}}, {{"latency", {{1, value}}}});
    EXPECT_EQ(outcome.state, v1::Trial::COMPLETED) << value;
    EXPECT_EQ(outcome.feasible, false) << value;
  }
}

TEST(ReadOutcome, AllConstraintsHaveToBeKept) {
  const v1::Study study = OneObjective(
      "constraints { metric: 'latency' max: 10 } constraints { metric: 'recall' min: 0.5 max: 1 }");
  const auto feasible = [&](double latency, double recall) {
    return ReadOutcome(study, {{1, 0.5}}, {{"latency", {{1, latency}}}, {"recall", {{1, recall}}}})
        .feasible;
  };
  EXPECT_EQ(feasible(10, 0.5), true);
  EXPECT_EQ(feasible(10.1, 0.5), false);
  EXPECT_EQ(feasible(10, 0.4), false);
  EXPECT_EQ(feasible(10, 1.1), false);
}

TEST(ReadOutcome, SeveralObjectivesAreReadAtTheLastStepThatHasThemAll) {
  const Outcome outcome = ReadOutcome(TwoObjectives(), {{1, 0.9}, {2, 0.5}, {3, 0.6}, {4, 0.99}},
                                      {{"latency", {{1, 1}, {2, 7}, {3, 8}, {5, 1}}}});
  EXPECT_EQ(outcome.state, v1::Trial::COMPLETED);
  EXPECT_EQ(outcome.step, 3);
  EXPECT_EQ(outcome.objective, 0.6);
  EXPECT_THAT(outcome.values, ElementsAre(Pair("accuracy", 0.6), Pair("latency", 8)));
  EXPECT_EQ(outcome.feasible, std::nullopt);
}

TEST(ReadOutcome, OneOfSeveralObjectivesThatIsNotFiniteIsInfeasible) {
  const Outcome outcome =
      ReadOutcome(TwoObjectives(), {{1, 0.5}, {2, 0.5}}, {{"latency", {{1, 1}, {2, kInfinity}}}});
  EXPECT_EQ(outcome.state, v1::Trial::INFEASIBLE);
  EXPECT_EQ(outcome.message, "the objective is not finite: latency is inf at step 2");
}

TEST(ReadOutcome, SeveralObjectivesThatNoStepHasTogetherFailTheTrial) {
  const Outcome outcome =
      ReadOutcome(TwoObjectives(), {{1, 0.5}, {3, 0.5}}, {{"latency", {{2, 1}}}});
  EXPECT_EQ(outcome.state, v1::Trial::FAILED);
  EXPECT_THAT(outcome.message, HasSubstr("'accuracy', 'latency' at one and the same step"));
  EXPECT_TRUE(IsWhyNotCompleted(outcome.message));
  EXPECT_EQ(ReadOutcome(TwoObjectives(), {{1, 0.5}}, {}).state, v1::Trial::FAILED);
}

TEST(ReadOutcome, SeveralObjectivesMayHaveConstraintsToo) {
  v1::Study study = TwoObjectives();
  study.add_constraints()->set_metric("memory");
  study.mutable_constraints(0)->set_max(100);
  const Outcome outcome =
      ReadOutcome(study, {{1, 0.5}}, {{"latency", {{1, 7}}}, {"memory", {{1, 101}}}});
  EXPECT_EQ(outcome.feasible, false);
  EXPECT_THAT(outcome.values,
              ElementsAre(Pair("accuracy", 0.5), Pair("latency", 7), Pair("memory", 101)));
}

google::protobuf::Map<std::string, double> Told(
    std::initializer_list<std::pair<const std::string, double>> metrics) {
  return {metrics.begin(), metrics.end()};
}

TEST(CheckTold, NamesTheFirstMetricThatIsMissing) {
  v1::Study study = TwoObjectives();
  *study.mutable_constraints() = BoundedLatency().constraints();
  study.mutable_constraints(0)->set_metric("memory");
  EXPECT_TRUE(CheckTold(study, Told({{"accuracy", 1}, {"latency", 1}, {"memory", kNan}})).ok());
  EXPECT_THAT(std::string(CheckTold(study, Told({{"accuracy", 1}})).message()),
              HasSubstr("lack the study's objective 'latency'; tell it as latency=VALUE"));
  EXPECT_THAT(std::string(CheckTold(study, Told({{"accuracy", 1}, {"latency", 2}})).message()),
              HasSubstr("lack the study's constraint 'memory'; tell it as memory=VALUE"));
}

TEST(CameTo, TellsARepeatFromAnotherOutcome) {
  storage::TrialRow row;
  row.state = v1::Trial::COMPLETED;
  row.objective = 0.5;
  row.outcome = {{"accuracy", 0.5}, {"latency", kNan}};
  row.feasible = false;
  EXPECT_TRUE(
      CameTo(row, BoundedLatency(), Told({{"accuracy", 0.5}, {"latency", kNan}, {"more", 1}})));
  EXPECT_FALSE(CameTo(row, BoundedLatency(), Told({{"accuracy", 0.5}, {"latency", 1}})));
  EXPECT_FALSE(CameTo(row, BoundedLatency(), Told({{"accuracy", 0.6}, {"latency", kNan}})));
  EXPECT_FALSE(CameTo(row, BoundedLatency(), Told({{"accuracy", kNan}, {"latency", kNan}})));
  row.state = v1::Trial::INFEASIBLE;
  row.message = "the objective is not finite: accuracy is nan at step 3";
  EXPECT_TRUE(CameTo(row, BoundedLatency(), Told({{"accuracy", kNan}, {"latency", 1}})));
  row.message = "it exploded";
  EXPECT_FALSE(CameTo(row, BoundedLatency(), Told({{"accuracy", kNan}, {"latency", 1}})));
}

}  // namespace
}  // namespace caviar::coordinator
