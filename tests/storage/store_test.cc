// What every Store promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/storage/store_fixture.h"

namespace caviar::storage {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(, StoreTest, testing::Values(Form::kSqlite, Form::kMemory), FormName);

TEST_P(StoreTest, StartsEmptyWithAnEpoch) {
  absl::StatusOr<Snapshot> snapshot = store().Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->commit, 0);
  EXPECT_GE(snapshot->store_epoch, 1);
  EXPECT_LT(snapshot->store_epoch, int64_t{1} << 53);
  EXPECT_EQ(Text(*snapshot), "commit 0\ncounters|1|1|1\n");
}

TEST_P(StoreTest, GivesBackRepeatsAndWhatAStudyLearnedFrom) {
  TrialRow first = CompletedTrial(5, 1, 0, 0.5), second = CompletedTrial(6, 1, 1, -0.0);
  first.repeat_of = second.repeat_of = 0;
  first.repeats = RepeatsRow{2, -0.0, 5e-324, v1::Trial::COMPLETED, true};
  const WarmStartTrialRow a = SampleWarmStartTrial(1, 0, 7);
  WarmStartTrialRow b = SampleWarmStartTrial(1, 1, 3);
  b.value = -0.0;
  b.variance.reset();
  StudyRow repeated = SampleStudy(1, "s");
  repeated.definition.set_repeats(2);
  ASSERT_NO_FATAL_FAILURE(MustApply({repeated, SampleStudy(2, "t"), first, second, b, a}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(Text(store().Load()->trials), Text(std::vector<TrialRow>{first, second}));
  EXPECT_EQ(Text(store().Load()->warm_start_trials), Text(std::vector<WarmStartTrialRow>{a, b}));
  const absl::StatusOr<StudyReading> study = reader().GetStudy("s");
  ASSERT_TRUE(study.ok()) << study.status();
  EXPECT_EQ(study->best->number, 0) << "its mean is known, though trial 1 is worse than trial 0";
  TrialQuery query;
  query.study_id = 1;
  query.repeat_of = 0;
  EXPECT_THAT(Numbers(*reader().ListTrials(query, false)), ElementsAre(0, 1));
  query.repeat_of = 1;
  EXPECT_THAT(Numbers(*reader().ListTrials(query, false)), ElementsAre());
}

TEST_P(StoreTest, TheBestConfigurationIsFeasibleInAllItsRepeats) {
  StudyRow repeated = SampleStudy(1, "s");
  repeated.definition.set_repeats(2);
  repeated.definition.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
  Batch batch = {repeated};
  const double means[] = {0.1, 0.3, 0.2};
  for (int32_t number = 0; number < 3; ++number) {
    TrialRow row = CompletedTrial(5 + number, 1, number, 0.5);
    row.repeat_of = number;
    row.repeats = RepeatsRow{1, means[number], {}, v1::Trial::COMPLETED, number > 0};
    batch.push_back(row);
  }
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  EXPECT_EQ(reader().GetStudy("s")->best->number, 2);
  EXPECT_THAT(Numbers(*reader().ListBestTrials(1, repeated.definition, 5, false)),
              ElementsAre(2, 1));
}

TEST_P(StoreTest, ErasesWhatAStudyLearnedFromWithIt) {
  StudyRow study = SampleStudy(1, "s");
  Batch batch = {study};
  for (int32_t number = 0; number < 1500; ++number) {
    batch.push_back(SampleWarmStartTrial(1, 0, number));
  }
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  study.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({study}));
  EXPECT_TRUE(store().Load()->warm_start_trials.empty()) << "it is hidden";
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyChunk{1}}));
  EXPECT_TRUE(store().HasStudyRows(1).value()) << "a thousand rows at once";
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyChunk{1}}));
  EXPECT_FALSE(store().HasStudyRows(1).value());
}

TEST_P(StoreTest, GivesBackEveryFieldOfEveryRow) {
  StudyRow study = SampleStudy(1, "mnist");
  study.state = v1::Study::ENDED;
  study.end_reason = v1::Study::TARGET;
  study.message = "0.95 reached";
  study.end_time = 1'700'000'000'000'009;
  TrialRow trial = CompletedTrial(5, 1, 0, -0.0);
  trial.message = "fine";
  trial.lost_leases = 2;
  trial.outcome = {{"accuracy", -0.0}, {"latency", std::nan("")}, {"memory", -kInfinity}};
  trial.feasible = false;
  trial.parameters["minus_zero"].set_double_value(-0.0);
  trial.parameters["whole"].set_double_value(3.0);
  trial.parameters["int"].set_int_value(9007199254740993);
  trial.parameters["yes"].set_bool_value(true);
  trial.parameters["no"].set_bool_value(false);
  trial.parameters["number_as_text"].set_string_value("007");
  AttemptRow attempt = SampleAttempt(5, 3, 12);
  attempt.outcome = v1::Attempt::COMPLETED;
  attempt.message = "done";
  attempt.end_time = 1'700'000'000'000'008;
  attempt.parent_attempt = 2;
  attempt.resumed_from_step = 4;
  attempt.numerics_changed = true;
  WorkerRow worker{"w1", "node-7", "0.1.0", 4, {"gpu", "a \"b\""}, {{"rack", "7"}}, 17, "v4"};
  worker.resources.set_cpus(0.1);
  worker.resources.mutable_memory()->set_bytes(int64_t{1} << 60);
  const CountersRow counters{2, 6, 13};
  ASSERT_NO_FATAL_FAILURE(
      MustApply({study, trial, attempt, SampleArtifact(5, 3, 3), SampleDecision(5, 3),
                 SampleEvaluation(1, 5), worker, counters}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  Snapshot expected;
  expected.commit = 1;
  expected.counters = counters;
  expected.studies = {study};
  expected.trials = {trial};
  expected.attempts = {attempt};
  expected.evaluations = {SampleEvaluation(1, 5)};
  expected.artifacts = {SampleArtifact(5, 3, 3)};
  expected.pruner_decisions = {SampleDecision(5, 3)};
  expected.workers = {worker};
  EXPECT_EQ(Stored(), Text(expected));
}

TEST_P(StoreTest, ReplacesRowsWithTheSameKey) {
  StudyRow study = SampleStudy(1, "a");
  TrialRow trial = SampleTrial(1, 1, 0);
  AttemptRow attempt = SampleAttempt(1, 1, 1);
  ArtifactRow artifact = SampleArtifact(1, 1, 2);
  EvaluationRow evaluation = SampleEvaluation(1, 1);
  WorkerRow worker{"w", "node", "0.1.0", 1, {"x"}, {{"a", "b"}}, 1, "v3"};
  ASSERT_NO_FATAL_FAILURE(MustApply({study, trial, attempt, artifact, evaluation, worker}));
  study.state = v1::Study::STOPPED;
  study.definition.mutable_limits()->set_max_trials(99);
  study.active_since = 0;
  trial.state = v1::Trial::RUNNING;
  trial.parameters.erase("rate");
  trial.parameters["other"].set_int_value(1);
  attempt.outcome = v1::Attempt::GIVEN_BACK;
  attempt.token_counter = 9;
  artifact.size = 7;
  evaluation.metrics = {{"test_accuracy", 0.5}};
  evaluation.classes.pop_back();
  worker.features.clear();
  worker.labels.clear();
  worker.numerics_fingerprint = "v4";
  ASSERT_NO_FATAL_FAILURE(MustApply({study, trial, attempt, artifact, evaluation, worker}));
  Snapshot expected;
  expected.commit = 2;
  expected.studies = {study};
  expected.trials = {trial};
  expected.attempts = {attempt};
  expected.evaluations = {evaluation};
  expected.artifacts = {artifact};
  expected.workers = {worker};
  EXPECT_EQ(Stored(), Text(expected));
}

TEST_P(StoreTest, LoadsTheAttemptsOfLiveTrialsAndTheNewestOfFinalOnes) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), CompletedTrial(2, 1, 1, 0.5),
                 SampleTrial(3, 1, 2), SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2),
                 SampleAttempt(2, 1, 3), SampleAttempt(2, 2, 4)}));
  EXPECT_EQ(Text(store().Load()->attempts),
            Text(std::vector<AttemptRow>{SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2),
                                         SampleAttempt(2, 2, 4)}));
}

TEST_P(StoreTest, KeepsTheFirstOfTwoMeasurementsWithOneKey) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1),
                 SampleMeasurement(1, 1, "loss", 1, 0.25)}));
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleMeasurement(1, 1, "loss", 1, 0.75), SampleMeasurement(1, 1, "loss", 2, 0.5)}));
  EXPECT_THAT(store().ReadMetric(1, 1, "loss").value(), ElementsAre(Pair(1, 0.25), Pair(2, 0.5)));
}

TEST_P(StoreTest, ReadsOneMetricOfOneAttemptByStep) {
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2),
       SampleMeasurement(1, 1, "loss", 10, 1.5), SampleMeasurement(1, 1, "loss", 2, -kInfinity),
       SampleMeasurement(1, 1, "loss", 3, kInfinity), SampleMeasurement(1, 1, "accuracy", 1, 9),
       SampleMeasurement(1, 2, "loss", 1, 8), SampleMeasurement(1, 1, "loss", 1, std::nan("")),
       SampleMeasurement(1, 1, "loss", 0, -0.0),
       SampleMeasurement(1, 1, "loss", (int64_t{1} << 53) - 1, 5e-324)}));
  const auto values = store().ReadMetric(1, 1, "loss");
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(values->size(), 6);
  EXPECT_EQ(values->at(0), std::make_pair(int64_t{0}, 0.0));
  EXPECT_TRUE(std::signbit(values->at(0).second));
  EXPECT_EQ(values->at(1).first, 1);
  EXPECT_TRUE(std::isnan(values->at(1).second));
  EXPECT_THAT(std::vector(values->begin() + 2, values->end()),
              ElementsAre(Pair(2, -kInfinity), Pair(3, kInfinity), Pair(10, 1.5),
                          Pair((int64_t{1} << 53) - 1, 5e-324)));
  EXPECT_TRUE(store().ReadMetric(1, 1, "unknown").value().empty());
  EXPECT_EQ(store().FindLastStep(7, 1).value(), std::nullopt);
  EXPECT_TRUE(store().ReadMetric(7, 1, "loss").value().empty());
}

AttemptRow ResumedAttempt(int32_t number, int32_t parent, int64_t step) {
  AttemptRow row = SampleAttempt(1, number, number);
  row.parent_attempt = parent;
  row.resumed_from_step = step;
  return row;
}

TEST_P(StoreTest, ACurveIsTheParentsUpToTheStepItResumedFromThenItsOwn) {
  Batch batch = {SampleStudy(1, "a"),     SampleTrial(1, 1, 0),    SampleAttempt(1, 1, 1),
                 ResumedAttempt(2, 1, 2), ResumedAttempt(3, 1, 2), ResumedAttempt(4, 3, 3),
                 ResumedAttempt(5, 4, 0), SampleAttempt(1, 6, 6)};
  for (int32_t attempt = 1; attempt <= 6; ++attempt) {
    for (int64_t step = 1; step <= 4; ++step) {
      batch.push_back(SampleMeasurement(1, attempt, "loss", step, attempt));
      batch.push_back(SampleMeasurement(1, attempt, "other", step, -1));
    }
  }
  batch.push_back(SampleMeasurement(1, 2, "loss", 0, 2));
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const auto curve = [this](int32_t attempt) {
    std::vector<double> by_whom;
    const auto values = store().ReadCurve(1, attempt, "loss").value();
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(values[i].first, static_cast<int64_t>(i) + 1);
      by_whom.push_back(values[i].second);
    }
    return by_whom;
  };
  EXPECT_THAT(curve(1), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(curve(2), ElementsAre(1, 1, 2, 2)) << "not what it measured before that step";
  EXPECT_THAT(curve(3), ElementsAre(1, 1, 3, 3));
  EXPECT_THAT(curve(4), ElementsAre(1, 1, 3, 4));
  EXPECT_THAT(curve(5), ElementsAre(5, 5, 5, 5)) << "from a checkpoint before the first step";
  EXPECT_THAT(curve(6), ElementsAre(6, 6, 6, 6)) << "started anew";
  EXPECT_THAT(curve(7), ElementsAre());
}

TEST_P(StoreTest, ErasesTheOneArtifactThatItIsTold) {
  const ArtifactRow kept[] = {SampleArtifact(1, 1, 2),
                              SampleArtifact(1, 1, 3, v1::Artifact::CHECKPOINT),
                              SampleArtifact(1, 2, 2, v1::Artifact::CHECKPOINT)};
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2),
       kept[0], kept[1], kept[2], SampleArtifact(1, 1, 2, v1::Artifact::CHECKPOINT)}));
  const EraseArtifact erase{1, 1, v1::Artifact::CHECKPOINT, 2};
  ASSERT_NO_FATAL_FAILURE(MustApply({erase}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(Text(store().Load()->artifacts),
            Text(std::vector<ArtifactRow>(std::begin(kept), std::end(kept))));
  EXPECT_TRUE(Apply({erase}).ok()) << "repeating is no error";
  EXPECT_EQ(Apply({EraseArtifact{1, 1, v1::Artifact::CHECKPOINT, 3}, SampleTrial(9, 9, 9)}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store().Load()->artifacts.size(), 3) << "all of a batch or nothing";
}

TEST_P(StoreTest, FindsValuesThatAreStoredAndThoseThatDiffer) {
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1),
       SampleMeasurement(1, 1, "loss", 1, 0.5), SampleMeasurement(1, 1, "loss", 2, std::nan("")),
       SampleMeasurement(1, 1, "loss", 3, kInfinity)}));
  EXPECT_EQ(
      store()
          .FindStored({SampleMeasurement(1, 1, "loss", 1, 0.5),
                       SampleMeasurement(1, 1, "loss", 2, -std::nan("")),
                       SampleMeasurement(1, 1, "loss", 3, kInfinity),
                       SampleMeasurement(1, 1, "loss", 4, 1), SampleMeasurement(1, 1, "new", 1, 1),
                       SampleMeasurement(1, 2, "loss", 1, 7)})
          .value(),
      (StoredValues{3, 0}));
  EXPECT_EQ(store()
                .FindStored({SampleMeasurement(1, 1, "loss", 1, std::nextafter(0.5, 1)),
                             SampleMeasurement(1, 1, "loss", 2, 0),
                             SampleMeasurement(1, 1, "loss", 3, -kInfinity),
                             SampleMeasurement(1, 1, "loss", 1, std::nan(""))})
                .value(),
            (StoredValues{4, 4}));
}

TEST_P(StoreTest, CountsTheValuesOfAllAttemptsByMetric) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleTrial(2, 1, 1),
                 SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2), SampleAttempt(2, 1, 3),
                 SampleMeasurement(1, 1, "loss", 1, 0.5), SampleMeasurement(1, 2, "loss", 1, 0.5),
                 SampleMeasurement(1, 2, "error", 1, 0.5), SampleMeasurement(2, 1, "loss", 1, 1)}));
  EXPECT_EQ(store().CountValues(1).value(),
            (std::map<std::string, int64_t>{{"error", 1}, {"loss", 2}}));
  EXPECT_TRUE(store().CountValues(3)->empty());
}

TEST_P(StoreTest, FindsAnAttemptByItsToken) {
  ASSERT_NO_FATAL_FAILURE(MustApply(
      {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1), SampleAttempt(1, 2, 2)}));
  EXPECT_EQ(Text(store().FindAttempt(77, 1).value().value()), Text(SampleAttempt(1, 1, 1)));
  EXPECT_EQ(Text(store().FindAttempt(77, 2).value().value()), Text(SampleAttempt(1, 2, 2)));
  EXPECT_EQ(store().FindAttempt(77, 3).value(), std::nullopt);
  EXPECT_EQ(store().FindAttempt(78, 1).value(), std::nullopt);
}

TEST_P(StoreTest, ForgetsOldAnswersAndKnowsOfWhichClientsTheyWere) {
  Batch batch;
  for (const int64_t sequence : {1, 2, 3, 4}) {
    batch.push_back(RequestRow{"a", sequence, "StopStudy", 1, "", 10 * sequence});
  }
  batch.push_back(RequestRow{"b", 7, "StopStudy", 1, "", 25});
  batch.push_back(RequestRow{"c", 1, "StopStudy", 1, "", 0});
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  EXPECT_EQ(store().FindOldestRequest().value(), 10);
  EXPECT_EQ(store().FindForgottenRequest("a").value(), std::nullopt);

  ASSERT_NO_FATAL_FAILURE(MustApply({ForgetRequests{30, 2}}));
  EXPECT_EQ(store().FindOldestRequest().value(), 25) << "the oldest two";
  EXPECT_EQ(store().FindForgottenRequest("a").value(), 2);
  EXPECT_EQ(store().FindForgottenRequest("b").value(), std::nullopt);
  ASSERT_NO_FATAL_FAILURE(MustApply({ForgetRequests{30, 2}}));
  Reopen();
  EXPECT_EQ(store().FindOldestRequest().value(), 30);
  EXPECT_EQ(store().FindForgottenRequest("a").value(), 2);
  EXPECT_EQ(store().FindForgottenRequest("b").value(), 7);
  EXPECT_EQ(store().FindRequest("a", 2).value(), std::nullopt);
  EXPECT_TRUE(store().FindRequest("a", 3).value());

  // One that came late: what is known of its client stays.
  ASSERT_NO_FATAL_FAILURE(MustApply({RequestRow{"b", 5, "StopStudy", 1, "", 26}}));
  ASSERT_NO_FATAL_FAILURE(MustApply({ForgetRequests{1000, 1000}}));
  EXPECT_EQ(store().FindForgottenRequest("a").value(), 4);
  EXPECT_EQ(store().FindForgottenRequest("b").value(), 7);
  EXPECT_EQ(store().FindOldestRequest().value(), std::nullopt) << "that has a time";
  EXPECT_TRUE(store().FindRequest("c", 1).value()) << "who knows when it was";
}

TEST_P(StoreTest, ErasesWorkers) {
  WorkerRow gone, there;
  gone.id = "gone";
  there.id = "there";
  ASSERT_NO_FATAL_FAILURE(MustApply({gone, there}));
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseWorker{"gone"}, EraseWorker{"nobody"}}));
  Reopen();
  const auto snapshot = store().Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  ASSERT_EQ(snapshot->workers.size(), 1u);
  EXPECT_EQ(snapshot->workers[0].id, "there");
}

TEST_P(StoreTest, FindsTheAnswerOfARequest) {
  const RequestRow request{"client", 3, "CreateStudy", 0xdeadbeef, std::string("\0\xff\n", 3), 5};
  ASSERT_NO_FATAL_FAILURE(MustApply({request, RequestRow{"client", 4, "StopStudy", 1, "", 6}}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(Text(store().FindRequest("client", 3).value().value()), Text(request));
  EXPECT_EQ(store().FindRequest("client", 4).value().value().response, "");
  EXPECT_EQ(store().FindRequest("client", 5).value(), std::nullopt);
  EXPECT_EQ(store().FindRequest("Client", 3).value(), std::nullopt);
}

TEST_P(StoreTest, TakesCommitsOnlyInTheirOrder) {
  ASSERT_TRUE(store().Apply({SampleStudy(1, "a")}, 1).ok());
  for (const int64_t commit : {0, 1, 3}) {
    EXPECT_EQ(store().Apply({SampleStudy(2, "b")}, commit).code(),
              absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(store().Load()->studies.size(), 1);
  EXPECT_TRUE(store().Apply({}, 2).ok());
  EXPECT_EQ(store().Load()->commit, 2);
}

TEST_P(StoreTest, AppliesNothingOfABatchWithABadRow) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1),
                 SampleMeasurement(1, 1, "loss", 1, 0.5)}));
  const std::string before = Stored();
  StudyRow renamed = SampleStudy(1, "renamed");
  TrialRow trial = SampleTrial(1, 1, 0, v1::Trial::RUNNING);
  trial.parameters.clear();
  AttemptRow attempt = SampleAttempt(1, 1, 50);
  const Batch good = {renamed,
                      trial,
                      attempt,
                      SampleTrial(2, 1, 1),
                      SampleMeasurement(1, 1, "loss", 2, 0.25),
                      SampleMeasurement(1, 1, "new_metric", 1, 0.25),
                      SampleArtifact(1, 1, 1),
                      SampleEvaluation(1, 1),
                      CountersRow{5, 5, 5},
                      RequestRow{"client", 1, "m", 0, "", 0},
                      WorkerRow{"w", "w", "0", 1, {}, {}, 0, ""}};
  Batch bad = good;
  bad.push_back(SampleTrial(3, 99, 0));
  EXPECT_EQ(Apply(bad).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Stored(), before);
  EXPECT_EQ(store().ReadMetric(1, 1, "loss")->size(), 1);
  EXPECT_EQ(store().FindRequest("client", 1).value(), std::nullopt);
  EXPECT_EQ(store().FindAttempt(77, 50).value(), std::nullopt);
  EXPECT_TRUE(store().FindAttempt(77, 1).value().has_value());
  ASSERT_NO_FATAL_FAILURE(MustApply(good));
  EXPECT_EQ(store().ReadMetric(1, 1, "new_metric")->size(), 1);
}

TEST_P(StoreTest, RefusesRowsThatBreakARule) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "a"), SampleStudy(2, "b"), SampleTrial(1, 1, 0),
                 SampleTrial(2, 1, 1), SampleAttempt(1, 1, 1), CountersRow{3, 3, 3}}));
  const std::string before = Stored();
  std::vector<Change> bad;
  const auto add = [&bad](auto row, auto change) {
    change(row);
    bad.push_back(row);
  };
  const StudyRow study = SampleStudy(3, "c");
  add(study, [](StudyRow& row) { row.id = 0; });
  add(study, [](StudyRow& row) { row.definition.set_name("a"); });
  add(study, [](StudyRow& row) { row.definition.clear_name(); });
  add(study, [](StudyRow& row) { row.definition.clear_objective(); });
  add(study, [](StudyRow& row) { row.state = v1::Study::STATE_UNSPECIFIED; });
  const TrialRow trial = SampleTrial(3, 1, 2);
  add(trial, [](TrialRow& row) { row.id = 0; });
  add(trial, [](TrialRow& row) { row.study_id = 9; });
  add(trial, [](TrialRow& row) { row.number = -1; });
  add(trial, [](TrialRow& row) { row.number = 0; });
  add(trial, [](TrialRow& row) { row.state = v1::Trial::STATE_UNSPECIFIED; });
  add(trial, [](TrialRow& row) { row.objective = std::nan(""); });
  add(trial, [](TrialRow& row) { row.objective = kInfinity; });
  add(trial, [](TrialRow& row) { row.objective = -kInfinity; });
  add(trial, [](TrialRow& row) { row.lost_leases = -1; });
  add(trial, [](TrialRow& row) { row.fruitless = -1; });
  add(trial, [](TrialRow& row) { row.outcome[""] = 1; });
  add(trial, [](TrialRow& row) { row.parameters["p"].set_double_value(std::nan("")); });
  add(trial, [](TrialRow& row) { row.parameters["p"].set_double_value(kInfinity); });
  add(trial, [](TrialRow& row) { row.parameters["p"].Clear(); });
  add(trial, [](TrialRow& row) { row.parameters[""].set_int_value(1); });
  add(SampleTrial(2, 1, 1), [](TrialRow& row) { row.number = 7; });
  add(SampleTrial(2, 1, 1), [](TrialRow& row) { row.study_id = 2; });
  const AttemptRow attempt = SampleAttempt(1, 2, 2);
  add(attempt, [](AttemptRow& row) { row.number = 0; });
  add(attempt, [](AttemptRow& row) { row.trial_id = 9; });
  add(attempt, [](AttemptRow& row) { row.token_counter = 1; });
  add(attempt, [](AttemptRow& row) { row.token_counter = 0; });
  add(attempt, [](AttemptRow& row) { row.token_epoch = 0; });
  add(attempt, [](AttemptRow& row) { row.parent_attempt = -1; });
  add(attempt, [](AttemptRow& row) { row.parent_attempt = 2; });
  add(attempt, [](AttemptRow& row) { row.resumed_from_step = -1; });
  const MeasurementRow measurement = SampleMeasurement(1, 1, "loss", 1, 1);
  add(measurement, [](MeasurementRow& row) { row.trial_id = 2; });
  add(measurement, [](MeasurementRow& row) { row.attempt = 2; });
  add(measurement, [](MeasurementRow& row) { row.metric = ""; });
  add(measurement, [](MeasurementRow& row) { row.step = -1; });
  const LateMeasurementRow late{1, 1, "loss", 1, 1, 1};
  add(late, [](LateMeasurementRow& row) { row.trial_id = 9; });
  add(late, [](LateMeasurementRow& row) { row.metric = ""; });
  add(late, [](LateMeasurementRow& row) { row.step = -1; });
  const ArtifactRow artifact = SampleArtifact(1, 1, 1);
  add(artifact, [](ArtifactRow& row) { row.attempt = 5; });
  add(artifact, [](ArtifactRow& row) { row.kind = v1::Artifact::KIND_UNSPECIFIED; });
  add(artifact, [](ArtifactRow& row) { row.size = -1; });
  add(artifact, [](ArtifactRow& row) { row.step = -1; });
  add(artifact, [](ArtifactRow& row) { row.file = ""; });
  add(SampleEvaluation(1, 1), [](EvaluationRow& row) { row.trial_id = 9; });
  add(SampleEvaluation(1, 1), [](EvaluationRow& row) { row.study_id = 9; });
  add(SampleEvaluation(1, 1), [](EvaluationRow& row) { row.study_id = 2; });
  add(SampleEvaluation(1, 1), [](EvaluationRow& row) { row.lost_leases = -1; });
  add(SampleEvaluation(1, 1),
      [](EvaluationRow& row) { row.state = v1::TestEvaluation::STATE_UNSPECIFIED; });
  for (const double wrong : {-0.1, 1.1, std::nan("")}) {
    add(SampleEvaluation(1, 1), [&](EvaluationRow& row) { row.classes[1].set_precision(wrong); });
    add(SampleEvaluation(1, 1), [&](EvaluationRow& row) { row.classes[1].set_recall(wrong); });
    add(SampleEvaluation(1, 1), [&](EvaluationRow& row) { row.classes[1].set_f1(wrong); });
  }
  add(SampleEvaluation(1, 1), [](EvaluationRow& row) { row.classes[0].set_examples(-1); });
  const WorkerRow worker{"w", "w", "0", 1, {}, {}, 0, ""};
  add(worker, [](WorkerRow& row) { row.id = ""; });
  add(worker, [](WorkerRow& row) { row.slots = -1; });
  add(RequestRow{"client", 1, "m", 0, "", 0}, [](RequestRow& row) { row.client_id = ""; });
  add(CountersRow{3, 3, 3}, [](CountersRow& row) { row.next_study_id = 2; });
  add(CountersRow{3, 3, 3}, [](CountersRow& row) { row.next_trial_id = 2; });
  add(CountersRow{3, 3, 3}, [](CountersRow& row) { row.next_token_counter = 2; });
  add(EraseStudyChunk{1}, [](EraseStudyChunk&) {});
  for (size_t i = 0; i < bad.size(); ++i) {
    const absl::Status status = Apply({bad[i]});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << "row " << i << ": " << status;
  }
  EXPECT_EQ(Stored(), before);
}

TEST_P(StoreTest, NeverChangesAFinalStateOrItsObjective) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), CompletedTrial(1, 1, 0, 0.5)}));
  TrialRow changed = CompletedTrial(1, 1, 0, 0.75);
  EXPECT_EQ(Apply({changed}).code(), absl::StatusCode::kInvalidArgument);
  changed = CompletedTrial(1, 1, 0, std::nullopt);
  EXPECT_EQ(Apply({changed}).code(), absl::StatusCode::kInvalidArgument);
  changed = CompletedTrial(1, 1, 0, 0.5);
  changed.objective_step = 4;
  EXPECT_EQ(Apply({changed}).code(), absl::StatusCode::kInvalidArgument);
  for (const auto state : {v1::Trial::WAITING, v1::Trial::RUNNING, v1::Trial::FAILED}) {
    changed = CompletedTrial(1, 1, 0, 0.5);
    changed.state = state;
    EXPECT_EQ(Apply({changed}).code(), absl::StatusCode::kInvalidArgument);
  }
  changed = CompletedTrial(1, 1, 0, 0.5);
  changed.message = "weights were lost";
  EXPECT_TRUE(Apply({changed}).ok());
}

TEST_P(StoreTest, NeverChangesAnOutcome) {
  const TrialRow measured = MeasuredTrial(1, 1, 0, 0.5, 10, true);
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "a"), measured, CompletedTrial(2, 1, 1, 0.5)}));
  const std::string before = Stored();
  const auto refuses = [this](const TrialRow& row) {
    return Apply({row}).code() == absl::StatusCode::kInvalidArgument;
  };
  TrialRow changed = measured;
  changed.outcome["latency"] = std::nan("");
  EXPECT_TRUE(refuses(changed));
  changed = measured;
  changed.outcome["memory"] = 1;
  EXPECT_TRUE(refuses(changed));
  changed = measured;
  changed.outcome.clear();
  EXPECT_TRUE(refuses(changed));
  changed = measured;
  changed.feasible = false;
  EXPECT_TRUE(refuses(changed));
  changed.feasible.reset();
  EXPECT_TRUE(refuses(changed));
  changed = CompletedTrial(2, 1, 1, 0.5);
  changed.outcome["latency"] = 1;
  EXPECT_TRUE(refuses(changed)) << "it comes too late";
  EXPECT_EQ(Stored(), before);
  changed = measured;
  changed.message = "weights were lost";
  EXPECT_TRUE(Apply({changed}).ok());
}

TEST_P(StoreTest, FreesTheNameOfADeletedStudyAndHidesAllOfIt) {
  StudyRow study = SampleStudy(1, "a");
  ASSERT_NO_FATAL_FAILURE(
      MustApply({study, SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1), SampleArtifact(1, 1, 1),
                 SampleDecision(1, 1), SampleEvaluation(1, 1)}));
  study.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({study, SampleStudy(2, "a")}));
  const Snapshot snapshot = store().Load().value();
  EXPECT_EQ(snapshot.studies.size(), 2);
  EXPECT_TRUE(snapshot.studies[0].deleted);
  EXPECT_TRUE(snapshot.trials.empty());
  EXPECT_TRUE(snapshot.attempts.empty());
  EXPECT_TRUE(snapshot.artifacts.empty());
  EXPECT_TRUE(snapshot.pruner_decisions.empty());
  EXPECT_TRUE(snapshot.evaluations.empty());
  study.deleted = false;
  EXPECT_EQ(Apply({study}).code(), absl::StatusCode::kInvalidArgument) << "the name is taken";
}

TEST_P(StoreTest, ErasesADeletedStudyInChunksAndLeavesOthersAlone) {
  Batch batch = {SampleStudy(1, "a"),
                 SampleStudy(2, "b"),
                 SampleTrial(900, 2, 0),
                 SampleAttempt(900, 1, 900),
                 SampleMeasurement(900, 1, "loss", 1, 1),
                 SampleEvaluation(2, 900)};
  for (int32_t number = 0; number < 3; ++number) {
    const int64_t id = number + 1;
    batch.push_back(MeasuredTrial(id, 1, number, 0.5, 10, false));
    batch.push_back(SampleAttempt(id, 1, id));
    batch.push_back(SampleArtifact(id, 1, 1));
    batch.push_back(SampleDecision(id, 3));
    batch.push_back(LateMeasurementRow{id, 1, "loss", 1, std::nan(""), 1});
    for (int64_t step = 0; step < 1100; ++step) {
      batch.push_back(SampleMeasurement(id, 1, "loss", step, 0.5));
    }
  }
  batch.push_back(SampleEvaluation(1, 1));
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  StudyRow study = SampleStudy(1, "a");
  study.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({study}));
  int chunks = 0;
  while (store().HasStudyRows(1).value()) {
    ASSERT_LT(chunks, 10);
    ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyChunk{1}}));
    ++chunks;
  }
  EXPECT_EQ(chunks, 4);
  EXPECT_TRUE(store().ReadMetric(1, 1, "loss")->empty());
  EXPECT_EQ(store().FindAttempt(77, 1).value(), std::nullopt);
  EXPECT_EQ(store().ReadMetric(900, 1, "loss")->size(), 1);
  EXPECT_TRUE(store().HasStudyRows(2).value());
  EXPECT_EQ(store().Load()->evaluations.size(), 1);
  EXPECT_TRUE(Apply({EraseStudyChunk{1}}).ok()) << "repeating is no error";
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(store().Load()->studies.size(), 1);
}

}  // namespace
}  // namespace caviar::storage
