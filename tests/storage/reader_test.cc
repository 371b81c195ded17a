// What every Reader promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/storage/store_fixture.h"

namespace caviar::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReaderTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(, ReaderTest, testing::Values(Form::kSqlite, Form::kMemory), FormName);

TrialQuery QueryOf(int64_t study_id) {
  TrialQuery query;
  query.study_id = study_id;
  return query;
}

v1::Study GoalTo(v1::Objective::Goal goal) {
  v1::Study definition = SampleStudy(1, "a").definition;
  definition.mutable_objective()->set_goal(goal);
  return definition;
}

TEST_P(ReaderTest, ReadsAStudyWithItsCountsBestTrialAndEvaluation) {
  StudyRow study = SampleStudy(4, "a");
  EvaluationRow evaluation = SampleEvaluation(4, 3);
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {study, SampleTrial(1, 4, 0, v1::Trial::RUNNING), CompletedTrial(2, 4, 1, 0.25),
       CompletedTrial(3, 4, 2, 0.5), CompletedTrial(4, 4, 3, 0.5), SampleTrial(5, 4, 4),
       SampleTrial(6, 4, 5, v1::Trial::PAUSED), SampleTrial(7, 4, 6, v1::Trial::PRUNED),
       SampleTrial(8, 4, 7, v1::Trial::FAILED), SampleTrial(9, 4, 8, v1::Trial::INFEASIBLE),
       SampleTrial(10, 4, 9, v1::Trial::CANCELLED), evaluation}));
  StudyReading expected;
  expected.study = study;
  expected.counts.set_waiting(1);
  expected.counts.set_running(1);
  expected.counts.set_paused(1);
  expected.counts.set_completed(3);
  expected.counts.set_pruned(1);
  expected.counts.set_failed(1);
  expected.counts.set_infeasible(1);
  expected.counts.set_cancelled(1);
  expected.best = CompletedTrial(3, 4, 2, 0.5);
  expected.evaluation = evaluation;
  expected.evaluated = 2;
  expected.commit = commit();
  EXPECT_EQ(Text(reader().GetStudy("a").value()), Text(expected));
  EXPECT_EQ(reader().GetStudy("A").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(ReaderTest, CountsFollowTheStatesOfTrials) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleTrial(1, 1, 0, v1::Trial::RUNNING)}));
  EXPECT_EQ(reader().GetStudy("a")->counts.waiting(), 0);
  EXPECT_EQ(reader().GetStudy("a")->counts.running(), 1);
  ASSERT_NO_FATAL_FAILURE(MustApply({CompletedTrial(1, 1, 0, 1.0)}));
  EXPECT_EQ(reader().GetStudy("a")->counts.running(), 0);
  EXPECT_EQ(reader().GetStudy("a")->counts.completed(), 1);
}

TEST_P(ReaderTest, TakesTheSmallestWhereTheGoalIsToMinimize) {
  StudyRow study = SampleStudy(1, "a");
  study.definition.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
  ASSERT_NO_FATAL_FAILURE(
      MustApply({study, CompletedTrial(1, 1, 0, 0.0), CompletedTrial(2, 1, 1, -1e300),
                 CompletedTrial(3, 1, 2, -1e300)}));
  EXPECT_EQ(reader().GetStudy("a")->best->number, 1);
}

TEST_P(ReaderTest, ATrialWithoutAnObjectiveIsNeverTheBest) {
  TrialRow infeasible = SampleTrial(2, 1, 1, v1::Trial::INFEASIBLE);
  TrialRow pruned = SampleTrial(3, 1, 2, v1::Trial::PRUNED);
  pruned.objective = 100;
  for (const auto goal : {v1::Objective::MINIMIZE, v1::Objective::MAXIMIZE}) {
    StudyRow study = SampleStudy(1, "a");
    study.definition.mutable_objective()->set_goal(goal);
    ASSERT_NO_FATAL_FAILURE(
        MustApply({study, CompletedTrial(1, 1, 0, std::nullopt), infeasible, pruned}));
    EXPECT_EQ(reader().GetStudy("a")->best, std::nullopt);
    EXPECT_THAT(reader().ListBestTrials(1, study.definition, 5, false).value(), IsEmpty());
  }
}

TEST_P(ReaderTest, ListsTheBestWithTiesByNumber) {
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleStudy(2, "b"), CompletedTrial(1, 1, 0, 0.5),
       CompletedTrial(2, 1, 1, 0.75), CompletedTrial(3, 1, 2, 0.5), CompletedTrial(4, 1, 3, 0.75),
       CompletedTrial(5, 1, 4, -0.0), CompletedTrial(6, 1, 5, 0.0), CompletedTrial(7, 2, 0, 99)}));
  EXPECT_THAT(
      Numbers(reader().ListBestTrials(1, GoalTo(v1::Objective::MAXIMIZE), 10, false).value()),
      ElementsAre(1, 3, 0, 2, 4, 5));
  EXPECT_THAT(
      Numbers(reader().ListBestTrials(1, GoalTo(v1::Objective::MINIMIZE), 10, false).value()),
      ElementsAre(4, 5, 0, 2, 1, 3));
  EXPECT_THAT(
      Numbers(reader().ListBestTrials(1, GoalTo(v1::Objective::MAXIMIZE), 3, false).value()),
      ElementsAre(1, 3, 0));
  EXPECT_THAT(reader().ListBestTrials(1, GoalTo(v1::Objective::MAXIMIZE), 0, false).value(),
              IsEmpty());
  EXPECT_THAT(reader().ListBestTrials(9, GoalTo(v1::Objective::MAXIMIZE), 3, false).value(),
              IsEmpty());
}

TEST_P(ReaderTest, ATrialThatBreaksAConstraintIsNeverTheBest) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), MeasuredTrial(1, 1, 0, 0.75, 10, false),
                 MeasuredTrial(2, 1, 1, 0.5, 5, true), MeasuredTrial(3, 1, 2, 0.25, 5, true)}));
  EXPECT_EQ(reader().GetStudy("a")->best->number, 1);
  EXPECT_THAT(
      Numbers(reader().ListBestTrials(1, GoalTo(v1::Objective::MAXIMIZE), 9, false).value()),
      ElementsAre(1, 2));
}

TEST_P(ReaderTest, OfSeveralObjectivesTheBestAreTheParetoFront) {
  const StudyRow study = SampleStudyOfTwoObjectives(1, "a");
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {study, MeasuredTrial(1, 1, 0, 0.5, 10), MeasuredTrial(2, 1, 1, 0.75, 20),
       MeasuredTrial(3, 1, 2, 0.5, 12), MeasuredTrial(4, 1, 3, 0.25, 5),
       MeasuredTrial(5, 1, 4, 0.99, 1, false), MeasuredTrial(6, 1, 5, 0.99, kNan),
       CompletedTrial(7, 1, 6, 0.99), SampleTrial(8, 1, 7), MeasuredTrial(9, 1, 8, 0.5, 10)}));
  const auto front = [&](int32_t count) {
    return Numbers(reader().ListBestTrials(1, study.definition, count, false).value());
  };
  EXPECT_THAT(front(10), ElementsAre(1, 0, 8, 3));
  EXPECT_THAT(front(2), ElementsAre(1, 0));
  EXPECT_THAT(front(0), IsEmpty());
  EXPECT_EQ(reader().GetStudy("a")->best, std::nullopt) << "no one trial is the best";
}

TEST_P(ReaderTest, OrdersTrialsWithMissingValuesLastEitherWay) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), SampleTrial(9, 1, 0),
                                     CompletedTrial(8, 1, 1, 0.5), CompletedTrial(7, 1, 2, -1.0),
                                     SampleTrial(6, 1, 3), CompletedTrial(5, 1, 4, 0.5)}));
  const auto list = [this](TrialQuery::Order order, bool descending) {
    TrialQuery query = QueryOf(1);
    query.order = order;
    query.descending = descending;
    return Numbers(reader().ListTrials(query, false).value());
  };
  EXPECT_THAT(list(TrialQuery::Order::kNumber, false), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(list(TrialQuery::Order::kNumber, true), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(list(TrialQuery::Order::kObjective, false), ElementsAre(2, 1, 4, 0, 3));
  EXPECT_THAT(list(TrialQuery::Order::kObjective, true), ElementsAre(1, 4, 2, 0, 3));
  EXPECT_THAT(list(TrialQuery::Order::kCreateTime, false), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(list(TrialQuery::Order::kCreateTime, true), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(list(TrialQuery::Order::kEndTime, false), ElementsAre(4, 2, 1, 0, 3));
  EXPECT_THAT(list(TrialQuery::Order::kEndTime, true), ElementsAre(1, 2, 4, 0, 3));
}

TEST_P(ReaderTest, PicksTrialsByStatePageAndCommit) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleTrial(2, 1, 1),
                 SampleTrial(3, 1, 2), SampleTrial(4, 1, 3)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({CompletedTrial(2, 1, 1, 1.0)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleTrial(3, 1, 2, v1::Trial::RUNNING)}));
  TrialQuery query = QueryOf(1);
  query.states = {v1::Trial::WAITING, v1::Trial::RUNNING};
  EXPECT_THAT(Numbers(reader().ListTrials(query, false).value()), ElementsAre(0, 2, 3));
  query.limit = 1;
  query.offset = 1;
  EXPECT_THAT(Numbers(reader().ListTrials(query, false).value()), ElementsAre(2));
  query.offset = 3;
  EXPECT_THAT(reader().ListTrials(query, false).value(), IsEmpty());
  query = QueryOf(1);
  query.changed_after_commit = 1;
  EXPECT_THAT(Numbers(reader().ListTrials(query, false).value()), ElementsAre(1, 2));
  query.descending = true;
  query.changed_after_commit = 2;
  EXPECT_THAT(Numbers(reader().ListTrials(query, false).value()), ElementsAre(2));
  query.changed_after_commit = 3;
  EXPECT_THAT(reader().ListTrials(query, false).value(), IsEmpty());
}

TEST_P(ReaderTest, PagesByCommitGoOnWithinACommit) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0)}));
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleTrial(5, 1, 4), SampleTrial(4, 1, 3), SampleTrial(3, 1, 2), SampleTrial(2, 1, 1)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleTrial(6, 1, 5), CompletedTrial(1, 1, 0, 1.0)}));
  TrialQuery query = QueryOf(1);
  query.order = TrialQuery::Order::kCommit;
  query.limit = 3;
  const auto first = reader().ListTrials(query, false).value();
  EXPECT_THAT(Numbers(first), ElementsAre(1, 2, 3));
  EXPECT_EQ(first.back().trial.commit, 2);
  query.changed_after_commit = first.back().trial.commit;
  query.changed_after_number = first.back().trial.number;
  const auto second = reader().ListTrials(query, false).value();
  EXPECT_THAT(Numbers(second), ElementsAre(4, 0, 5));
  EXPECT_EQ(second.back().trial.commit, 3);
  query.changed_after_commit = second.back().trial.commit;
  query.changed_after_number = second.back().trial.number;
  EXPECT_THAT(reader().ListTrials(query, false).value(), IsEmpty());
}

TEST_P(ReaderTest, ReadsATrialWithAllThatPeopleSeeOfIt) {
  TrialReading expected;
  expected.trial = SampleTrial(1, 1, 0, v1::Trial::RUNNING);
  expected.trial.last_step = 5;
  expected.attempts = {SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2)};
  expected.measurements = {SampleMeasurement(1, 2, "accuracy", 2, std::nan("")),
                           SampleMeasurement(1, 2, "loss", 2, 0.5),
                           SampleMeasurement(1, 2, "accuracy", 5, 0.25)};
  expected.artifacts = {SampleArtifact(1, 1, 9), SampleArtifact(1, 2, 2)};
  expected.pruner_decisions = {SampleDecision(1, 3, v1::PrunerDecision::PAUSE),
                               SampleDecision(1, 3, v1::PrunerDecision::PROMOTE),
                               SampleDecision(1, 9)};
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0, v1::Trial::RUNNING),
                 expected.attempts[0], expected.attempts[1], SampleMeasurement(1, 1, "loss", 90, 1),
                 expected.measurements[1], expected.measurements[2], expected.measurements[0],
                 expected.artifacts[1], expected.artifacts[0], expected.pruner_decisions[2],
                 expected.pruner_decisions[1], expected.pruner_decisions[0]}));
  EXPECT_EQ(Text(reader().GetTrial(1, 0, true).value()), Text(expected));
  EXPECT_EQ(Text(reader().ListTrials(QueryOf(1), true).value()), Text(expected) + "\n");
  expected.measurements.clear();
  expected.artifacts.clear();
  expected.pruner_decisions.clear();
  EXPECT_EQ(Text(reader().GetTrial(1, 0, false).value()), Text(expected));
  EXPECT_EQ(reader().GetTrial(1, 1, true).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader().GetTrial(2, 0, true).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(ReaderTest, ReadsNoMoreTrialsOnceThoseOfAPageHoldEnough) {
  Batch batch = {SampleStudy(1, "a")};
  for (int32_t number = 0; number < 4; ++number) {
    const int64_t id = number + 1;
    batch.push_back(SampleTrial(id, 1, number));
    batch.push_back(SampleAttempt(id, 1, id));
    for (int64_t step = 1; step <= 9; ++step) {
      batch.push_back(SampleMeasurement(id, 1, "loss", step, 0.5));
    }
  }
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  TrialQuery query = QueryOf(1);
  const auto read = [&](int64_t max_rows, bool full = true) {
    const TrialPage page = reader().ReadTrialPage(query, full, max_rows).value();
    std::vector<int32_t> numbers = Numbers(page.trials);
    if (page.more) numbers.push_back(-1);
    return numbers;
  };
  EXPECT_THAT(read(1000), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(read(11), ElementsAre(0, 1, -1)) << "each has ten";
  EXPECT_THAT(read(10), ElementsAre(0, -1));
  EXPECT_THAT(read(0), ElementsAre(0, -1)) << "or nobody got on";
  EXPECT_THAT(read(31), ElementsAre(0, 1, 2, 3)) << "none is left";
  EXPECT_THAT(read(11, false), ElementsAre(0, 1, 2, 3)) << "without their curves they are short";
  query.limit = 3;
  query.offset = 1;
  EXPECT_THAT(read(1000), ElementsAre(1, 2, 3));
  query.limit = 2;
  EXPECT_THAT(read(1000), ElementsAre(1, 2, -1));
  EXPECT_EQ(Text(reader().ReadTrialPage(query, true, 1)->trials[0]),
            Text(reader().GetTrial(1, 1, true).value()));
  query.study_id = 2;
  EXPECT_THAT(read(1000), IsEmpty());
}

TEST_P(ReaderTest, FillsInTheLastStepOnlyWhileATrialRuns) {
  TrialRow trial = SampleTrial(1, 1, 0, v1::Trial::RUNNING);
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), trial}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, std::nullopt);
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleAttempt(1, 1, 1)}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, std::nullopt);
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleMeasurement(1, 1, "b", 7, 1), SampleMeasurement(1, 1, "a", 9, 1),
                 SampleMeasurement(1, 1, "c", 8, 1)}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, 9);
  trial.state = v1::Trial::WAITING;
  trial.last_step = 4;
  ASSERT_NO_FATAL_FAILURE(MustApply({trial}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, 4);
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleTrial(1, 1, 0, v1::Trial::RUNNING), SampleAttempt(1, 2, 2)}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, std::nullopt);
}

TEST_P(ReaderTest, ReadsTheCurveOverAllAttemptsThatItRanThrough) {
  AttemptRow second = SampleAttempt(1, 2, 2);
  second.parent_attempt = 1;
  second.resumed_from_step = 2;
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleTrial(1, 1, 0, v1::Trial::RUNNING), SampleAttempt(1, 1, 1),
       SampleMeasurement(1, 1, "loss", 1, 0.5), SampleMeasurement(1, 1, "accuracy", 2, 0.5),
       SampleMeasurement(1, 1, "loss", 2, 0.4), SampleMeasurement(1, 1, "loss", 3, 0.3)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({second}));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, 2) << "nothing measured yet";
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleMeasurement(1, 2, "loss", 3, 0.35)}));
  const std::vector<MeasurementRow> curve = {
      SampleMeasurement(1, 1, "loss", 1, 0.5), SampleMeasurement(1, 1, "accuracy", 2, 0.5),
      SampleMeasurement(1, 1, "loss", 2, 0.4), SampleMeasurement(1, 2, "loss", 3, 0.35)};
  EXPECT_EQ(Text(reader().GetTrial(1, 0, true)->measurements), Text(curve));
  EXPECT_EQ(Text(reader().ListTrials(QueryOf(1), true)->front().measurements), Text(curve));
  EXPECT_EQ(reader().GetTrial(1, 0, false)->trial.last_step, 3);
}

TEST_P(ReaderTest, ReadsWhenAllAttemptsMeasuredAndThePrunerDecided) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleTrial(2, 1, 1),
                 SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2), SampleAttempt(2, 1, 3)}));
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleMeasurement(1, 1, "loss", 2, 0.2), SampleMeasurement(1, 1, "loss", 1, 0.1),
                 SampleMeasurement(1, 1, "accuracy", 1, 0.9),
                 SampleMeasurement(2, 1, "loss", 1, 0.7), SampleDecision(1, 2)}));
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleMeasurement(1, 1, "loss", 1, 0.5), SampleMeasurement(1, 2, "loss", 1, 0.3)}));
  const auto measured = reader().ListMeasurements(1, "loss").value();
  EXPECT_EQ(Text(measured),
            Text(std::vector<MeasurementRow>{SampleMeasurement(1, 1, "loss", 1, 0.1),
                                             SampleMeasurement(1, 1, "loss", 2, 0.2),
                                             SampleMeasurement(1, 2, "loss", 1, 0.3)}));
  EXPECT_EQ(measured[0].at, (Moment{2, 1})) << "the first one stays";
  EXPECT_EQ(measured[1].at, (Moment{2, 0}));
  EXPECT_EQ(measured[2].at, (Moment{3, 1}));
  const auto decisions = reader().ListPrunerDecisions(1).value();
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(Text(decisions[0]), Text(SampleDecision(1, 2)));
  EXPECT_EQ(decisions[0].at, (Moment{2, 4}));
  EXPECT_THAT(reader().ListMeasurements(1, "other").value(), IsEmpty());
  EXPECT_THAT(reader().ListPrunerDecisions(2).value(), IsEmpty());
}

TEST_P(ReaderTest, ReadsAStudysWarmStart) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleStudy(2, "b"), SampleWarmStartTrial(1, 1, 4),
                 SampleWarmStartTrial(1, 0, 7), SampleWarmStartTrial(2, 0, 1)}));
  const auto rows = reader().ListWarmStartTrials(1).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(Text(rows[0]), Text(SampleWarmStartTrial(1, 0, 7)));
  EXPECT_EQ(Text(rows[1]), Text(SampleWarmStartTrial(1, 1, 4)));
}

TEST_P(ReaderTest, FindsAFileByItsKey) {
  const ArtifactRow file = SampleArtifact(1, 1, 2, v1::Artifact::CHECKPOINT);
  StudyRow study = SampleStudy(1, "a");
  ASSERT_NO_FATAL_FAILURE(
      MustApply({study, SampleTrial(1, 1, 7), SampleAttempt(1, 1, 1), file,
                 SampleArtifact(1, 1, 3, v1::Artifact::CHECKPOINT), SampleArtifact(1, 1, 4)}));
  const auto find = [this](int64_t study_id, int32_t number, int32_t attempt,
                           v1::Artifact::Kind kind, int64_t step) {
    return reader().GetArtifact(study_id, number, attempt, kind, step);
  };
  EXPECT_EQ(Text(find(1, 7, 1, v1::Artifact::CHECKPOINT, 2).value()), Text(file));
  EXPECT_TRUE(absl::IsNotFound(find(1, 7, 1, v1::Artifact::WEIGHTS, 2).status()));
  EXPECT_TRUE(absl::IsNotFound(find(1, 7, 2, v1::Artifact::CHECKPOINT, 2).status()));
  EXPECT_TRUE(absl::IsNotFound(find(1, 1, 1, v1::Artifact::CHECKPOINT, 2).status()));
  EXPECT_TRUE(absl::IsNotFound(find(2, 7, 1, v1::Artifact::CHECKPOINT, 2).status()));
  study.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({study}));
  EXPECT_TRUE(absl::IsNotFound(find(1, 7, 1, v1::Artifact::CHECKPOINT, 2).status()));
}

TEST_P(ReaderTest, ListsStudiesByIdInPages) {
  StudyRow deleted = SampleStudy(2, "b");
  deleted.deleted = true;
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(3, "c"), SampleStudy(1, "d"), deleted, SampleStudy(4, "a")}));
  const auto list = [this](int64_t after_id, int32_t limit) {
    std::vector<int64_t> ids;
    const std::vector<StudyReading> readings = reader().ListStudies(after_id, limit).value();
    for (const StudyReading& reading : readings) {
      ids.push_back(reading.study.id);
    }
    return ids;
  };
  EXPECT_THAT(list(0, 10), ElementsAre(1, 3, 4));
  EXPECT_THAT(list(0, 2), ElementsAre(1, 3));
  EXPECT_THAT(list(3, 2), ElementsAre(4));
  EXPECT_THAT(list(4, 2), IsEmpty());
}

TEST_P(ReaderTest, SeesNothingOfADeletedStudy) {
  StudyRow study = SampleStudy(1, "a");
  ASSERT_NO_FATAL_FAILURE(MustApply({study, CompletedTrial(1, 1, 0, 0.5)}));
  study.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({study}));
  EXPECT_EQ(reader().GetStudy("a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader().GetTrial(1, 0, true).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(reader().ListTrials(QueryOf(1), true).value(), IsEmpty());
  EXPECT_THAT(reader().ListBestTrials(1, GoalTo(v1::Objective::MAXIMIZE), 3, true).value(),
              IsEmpty());
  EXPECT_THAT(reader().ListStudies(0, 10).value(), IsEmpty());
}

}  // namespace
}  // namespace caviar::storage
