// Constraints and several objectives: what trials come to, and what follows from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

using Metrics = std::map<std::string, double>;

// Maximizes validation_accuracy, of which train_loss may be at most 1.
v1::Study BoundedNetwork(int max_trials = 8) {
  v1::Study study = NetworkStudy("s", max_trials);
  v1::Constraint& constraint = *study.add_constraints();
  constraint.set_metric("train_loss");
  constraint.set_max(1);
  return study;
}

// Maximizes validation_accuracy and minimizes train_loss.
v1::Study Several(int max_trials = 8) {
  v1::Study study = NetworkStudy("s", max_trials);
  *study.add_objectives() = study.objective();
  study.clear_objective();
  study.add_objectives()->set_metric("train_loss");
  study.mutable_objectives(1)->set_goal(v1::Objective::MINIMIZE);
  return study;
}

class OutcomeTest : public CoreTest {
 protected:
  absl::StatusOr<v1::ReportMeasurementsResponse> Measure(const v1::FencingToken& token,
                                                         int64_t step, const Metrics& metrics) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = token;
    auto& measurement = *request.add_measurements();
    measurement.set_step(step);
    measurement.mutable_metrics()->insert(metrics.begin(), metrics.end());
    return house_.Call(&Core::Report, request);
  }

  // The next trial, trained for one step, with these metrics.
  v1::Trial::State Train(double accuracy, double loss) {
    const auto work = house_.Acquire(worker());
    EXPECT_TRUE(work.has_trial());
    const v1::FencingToken token = work.trial().token();
    EXPECT_TRUE(Measure(token, 1, {{"validation_accuracy", accuracy}, {"train_loss", loss}}).ok());
    const auto finished = Complete(token);
    EXPECT_TRUE(finished.ok()) << finished.status();
    return finished.ok() ? finished->state() : v1::Trial::STATE_UNSPECIFIED;
  }

  const std::string& worker() {
    if (worker_.empty()) worker_ = house_.Register("w");
    return worker_;
  }
  const storage::TrialRow& Row(int number) { return house_.trial("s", number).row; }
  std::optional<int32_t> Best() { return house_.study("s").best; }

 private:
  std::string worker_;
};

TEST_F(OutcomeTest, ATrialThatBreaksAConstraintIsCompletedAndNeverBest) {
  Create(BoundedNetwork());
  EXPECT_EQ(Train(0.9, 1.5), v1::Trial::COMPLETED);
  EXPECT_EQ(Row(0).feasible, false);
  EXPECT_EQ(Row(0).objective, 0.9);
  EXPECT_THAT(Row(0).outcome,
              ElementsAre(Pair("train_loss", 1.5), Pair("validation_accuracy", 0.9)));
  EXPECT_EQ(Best(), std::nullopt);
  Train(0.5, 1);
  EXPECT_EQ(Row(1).feasible, true);
  EXPECT_EQ(Best(), 1);
  Train(0.8, 2);
  EXPECT_EQ(Best(), 1);
  Train(0.7, 0.5);
  EXPECT_EQ(Best(), 3);
  house_.Restart();
  EXPECT_EQ(Best(), 3);
  EXPECT_EQ(Row(0).feasible, false);
  EXPECT_EQ(house_.store.GetStudy("s")->best->number, 3) << "readers agree";
}

TEST_F(OutcomeTest, AConstraintThatWasNeverReportedFailsTheTrialAndSaysSo) {
  Create(BoundedNetwork());
  const auto work = house_.Acquire(worker());
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  EXPECT_EQ(Complete(work.trial().token())->state(), v1::Trial::FAILED);
  EXPECT_THAT(Row(0).message, HasSubstr("no measurement of the constraint 'train_loss'"));
  EXPECT_THAT(Row(0).outcome, IsEmpty());
  EXPECT_TRUE(Complete(work.trial().token()).ok()) << "a repeat";
}

TEST_F(OutcomeTest, CurvesOfConstraintsLiveThroughARestartAndAFailedCommit) {
  Create(BoundedNetwork());
  const auto work = house_.Acquire(worker());
  const v1::FencingToken token = work.trial().token();
  ASSERT_TRUE(Measure(token, 1, {{"validation_accuracy", 0.5}, {"train_loss", 3}}).ok());
  house_.Restart();
  EXPECT_EQ(house_.trial("s", 0).other_values.at("train_loss").at(1), 3);
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  EXPECT_FALSE(Measure(token, 2, {{"validation_accuracy", 0.7}, {"train_loss", 0.5}}).ok());
  EXPECT_FALSE(Complete(token).ok());
  house_.store.SetBeforeApply(nullptr);
  EXPECT_EQ(house_.trial("s", 0).other_values.at("train_loss").size(), 1u);
  house_.Advance(absl::Seconds(1));
  ASSERT_TRUE(Measure(token, 2, {{"validation_accuracy", 0.4}, {"train_loss", 0.5}}).ok());
  ASSERT_TRUE(Complete(token).ok());
  EXPECT_EQ(Row(0).objective_step, 1);
  EXPECT_EQ(Row(0).outcome.at("train_loss"), 3) << "at the objective's step";
  EXPECT_EQ(Row(0).feasible, false);
}

TEST_F(OutcomeTest, AnAttemptThatStartsAnewHasNothingOfTheOneBefore) {
  Create(BoundedNetwork());
  const auto first = house_.Acquire(worker());
  ASSERT_TRUE(Measure(first.trial().token(), 1, {{"train_loss", 0.5}}).ok());
  house_.Advance(absl::Seconds(61));
  const auto second = house_.Acquire(house_.Register("x"));
  ASSERT_EQ(second.trial().trial().number(), 0);
  EXPECT_THAT(house_.trial("s", 0).other_values, IsEmpty());
  ASSERT_TRUE(Report(second.trial().token(), 1, 0.5).ok());
  EXPECT_EQ(Complete(second.trial().token())->state(), v1::Trial::FAILED);
}

TEST_F(OutcomeTest, OnlyAFeasibleTrialReachesTheTargetOrIsAGain) {
  v1::Study study = BoundedNetwork();
  study.mutable_objective()->set_target(0.9);
  study.mutable_limits()->mutable_no_gain()->set_trials(2);
  Create(study);
  Train(0.95, 2);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  Train(0.5, 0.5);
  Train(0.92, 2);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  Train(0.93, 2);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::NO_GAIN);
  EXPECT_THAT(house_.study("s").row.message, HasSubstr("after trial 1 was better"));
}

TEST_F(OutcomeTest, SamplersReadLossesAndExcesses) {
  v1::Study study = BoundedNetwork();
  v1::Constraint& norm = *study.add_constraints();
  norm.set_metric("gradient_norm");
  norm.set_min(2);
  Create(study);
  const std::vector<Metrics> trials = {
      {{"validation_accuracy", 0.9}, {"train_loss", 1.5}, {"gradient_norm", 6}},
      {{"validation_accuracy", 0.8}, {"train_loss", kNoNumber}, {"gradient_norm", 1}},
      {{"validation_accuracy", kNoNumber}, {"train_loss", 1}, {"gradient_norm", 1}}};
  for (const Metrics& metrics : trials) {
    const auto work = house_.Acquire(worker());
    ASSERT_TRUE(Measure(work.trial().token(), 1, metrics).ok());
    ASSERT_TRUE(Complete(work.trial().token()).ok());
  }
  for (const bool restarted : {false, true}) {
    if (restarted) house_.Restart();
    const sampling::History& history = house_.study("s").history;
    ASSERT_EQ(history.size(), 3u);
    EXPECT_EQ(history[0].value, -0.9);
    EXPECT_THAT(history[0].excesses, ElementsAre(0.5, -4));
    EXPECT_THAT(history[1].excesses, ElementsAre(0.5, 1)) << "not finite: as far as any before";
    EXPECT_EQ(history[2].state, v1::Trial::INFEASIBLE);
    EXPECT_THAT(history[2].excesses, IsEmpty());
  }
}

TEST_F(OutcomeTest, SeveralObjectivesAreReadTogetherAndNoneIsBest) {
  Create(Several());
  EXPECT_EQ(Train(0.9, 2), v1::Trial::COMPLETED);
  Train(0.5, 1);
  EXPECT_EQ(Train(0.5, kNoNumber), v1::Trial::INFEASIBLE);
  EXPECT_THAT(Row(2).message, HasSubstr("the objective is not finite: train_loss is nan"));
  for (const bool restarted : {false, true}) {
    if (restarted) house_.Restart();
    EXPECT_EQ(Best(), std::nullopt);
    EXPECT_EQ(Row(0).objective, 0.9) << "the first one's";
    EXPECT_THAT(Row(0).outcome,
                ElementsAre(Pair("train_loss", 2), Pair("validation_accuracy", 0.9)));
    EXPECT_EQ(Row(0).feasible, std::nullopt);
    const sampling::History& history = house_.study("s").history;
    EXPECT_EQ(history[0].value, -0.9);
    EXPECT_THAT(history[0].more_values, ElementsAre(2));
    EXPECT_THAT(history[2].more_values, IsEmpty());
  }
}

TEST_F(OutcomeTest, AStudyOfSeveralObjectivesEndsWithoutATest) {
  v1::Study study = Several(1);
  auto& idx = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  Create(study);
  Train(0.9, 2);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  EXPECT_FALSE(house_.study("s").evaluation);
}

TEST_F(OutcomeTest, TheTestIsOfTheBestFeasibleTrial) {
  v1::Study study = BoundedNetwork(2);
  auto& idx = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  Create(study);
  Train(0.5, 0.5);
  Train(0.9, 2);
  ASSERT_TRUE(house_.study("s").evaluation);
  EXPECT_EQ(house_.study("s").evaluation->trial_id, Row(0).id);
}

class AskOutcomeTest : public AskTest {
 protected:
  absl::StatusOr<v1::Trial> Tell(const v1::AskTrialResponse& asked, const Metrics& metrics) {
    v1::TellTrialRequest request;
    request.set_study("s");
    request.set_number(asked.trial().number());
    *request.mutable_token() = asked.token();
    request.mutable_completed()->mutable_metrics()->insert(metrics.begin(), metrics.end());
    return house_.Call(&Core::Tell, request);
  }
};

TEST_F(AskOutcomeTest, ATellHasAllThatTheStudyNeeds) {
  v1::Study study = ExternalStudy("s");
  v1::Constraint& latency = *study.add_constraints();
  latency.set_metric("latency");
  latency.set_max(10);
  Create(study);
  const auto asked = Ask("s");
  const auto refused = Tell(*asked, {{"accuracy", 0.5}});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("constraint 'latency'"));
  const auto told = Tell(*asked, {{"accuracy", 0.5}, {"latency", 12.5}});
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->state(), v1::Trial::COMPLETED);
  EXPECT_TRUE(told->has_feasible());
  EXPECT_FALSE(told->feasible());
  EXPECT_EQ(told->outcome().at("latency"), 12.5);
  EXPECT_TRUE(Tell(*asked, {{"accuracy", 0.5}, {"latency", 12.5}}).ok()) << "a repeat";
  EXPECT_FALSE(Tell(*asked, {{"accuracy", 0.5}, {"latency", 9}}).ok()) << "final is final";
}

TEST_F(AskOutcomeTest, WhatIsToldCountsWhateverWasReportedBefore) {
  v1::Study study = ExternalStudy("s");
  study.add_constraints()->set_metric("latency");
  study.mutable_constraints(0)->set_max(10);
  Create(study);
  const auto asked = Ask("s");
  v1::ReportMeasurementsRequest report;
  *report.mutable_token() = asked->token();
  report.add_measurements()->set_step(7);
  (*report.mutable_measurements(0)->mutable_metrics())["accuracy"] = 0.9;
  (*report.mutable_measurements(0)->mutable_metrics())["latency"] = 99;
  ASSERT_TRUE(house_.Call(&Core::Report, report).ok());
  const auto told = Tell(*asked, {{"accuracy", 0.5}, {"latency", 10}});
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->objective(), 0.5);
  EXPECT_EQ(told->objective_step(), 8);
  EXPECT_TRUE(told->feasible());
}

}  // namespace
}  // namespace caviar::coordinator
