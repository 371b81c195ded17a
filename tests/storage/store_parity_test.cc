// Random batches: the memory store answers as the SQLite store does, to the last bit.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "storage/memory_store.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

class RandomChanges {
 public:
  explicit RandomChanges(uint32_t seed) : random_(seed) {}

  int64_t Draw(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  double DrawValue() {
    constexpr double kValues[] = {0.0, -0.0, 0.1, 1.0, -1e300, 5e-324};
    constexpr double kOdd[] = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity()};
    return Draw(0, 9) == 0 ? kOdd[Draw(0, 2)] : kValues[Draw(0, 5)];
  }
  std::string DrawMetric() { return Draw(0, 30) == 0 ? "" : Draw(0, 1) == 0 ? "loss" : "accuracy"; }
  v1::Artifact::Kind DrawKind() { return static_cast<v1::Artifact::Kind>(Draw(1, 3)); }
  v1::Trial::State DrawState() { return static_cast<v1::Trial::State>(Draw(1, 8)); }

  // Something for the others to change.
  Batch First() {
    Batch batch;
    for (int64_t id = 1; id <= 4; ++id) batch.push_back(SampleStudy(id, "s" + std::to_string(id)));
    for (int64_t id = 1; id <= 12; ++id) {
      batch.push_back(SampleTrial(id, 1 + id % 4, static_cast<int32_t>(id)));
      batch.push_back(SampleAttempt(id, 1, id * 10 + 1));
    }
    return batch;
  }

  Batch DrawBatch() {
    Batch batch;
    for (int64_t i = Draw(0, 2); i >= 0; --i) batch.push_back(DrawChange());
    return batch;
  }

 private:
  Change DrawChange() {
    switch (Draw(0, 15)) {
      case 0:
        return DrawStudy();
      case 1:
      case 2:
      case 3:
        return DrawTrial();
      case 4:
      case 5:
        return DrawAttempt();
      case 6:
        return LateMeasurementRow{Draw(1, 12), Draw(1, 3),  DrawMetric(),
                                  Draw(0, 3),  DrawValue(), 1};
      case 7:
        return SampleArtifact(Draw(1, 12), static_cast<int32_t>(Draw(1, 3)), Draw(0, 2),
                              DrawKind());
      case 8:
        return DrawEvaluation();
      case 9:
        return Draw(0, 3) == 0 ? Change(EraseStudyChunk{Draw(1, 4)})
                               : Change(RequestRow{"c", Draw(1, 4), "m", 7, "answer", Draw(0, 9)});
      case 10:
        return EraseArtifact{Draw(1, 12), static_cast<int32_t>(Draw(1, 3)), DrawKind(), Draw(0, 2)};
      case 11:
        return DrawWarmStartTrial();
      case 12:
        return Draw(0, 1) == 0
                   ? Change(ForgetRequests{Draw(0, 9), static_cast<int32_t>(Draw(0, 3))})
                   : Change(StudyActivationRow{Draw(1, 5), Draw(-1, 9)});
      default:
        return SampleMeasurement(Draw(1, 12), static_cast<int32_t>(Draw(1, 3)), DrawMetric(),
                                 Draw(0, 5), DrawValue());
    }
  }
  EvaluationRow DrawEvaluation() {
    const int64_t trial_id = Draw(1, 12);
    EvaluationRow row = SampleEvaluation(Draw(0, 9) == 0 ? Draw(1, 4) : 1 + trial_id % 4, trial_id);
    row.classes.resize(static_cast<size_t>(Draw(0, 2)));
    return row;
  }
  StudyRow DrawStudy() {
    const int64_t id = Draw(1, 4);
    StudyRow row = SampleStudy(id, "s" + std::to_string(Draw(0, 9) == 0 ? Draw(1, 4) : id));
    if (Draw(0, 1) == 0)
      row.definition = SampleStudyOfTwoObjectives(id, row.definition.name()).definition;
    for (v1::Objective& objective : *row.definition.mutable_objectives()) {
      objective.set_goal(static_cast<v1::Objective::Goal>(Draw(1, 2)));
    }
    if (row.definition.has_objective()) {
      row.definition.mutable_objective()->set_goal(static_cast<v1::Objective::Goal>(Draw(1, 2)));
    }
    row.definition.set_repeats(static_cast<int32_t>(Draw(1, 2)));
    row.state = static_cast<v1::Study::State>(Draw(1, 3));
    row.deleted = Draw(0, 5) == 0;
    return row;
  }
  TrialRow DrawTrial() {
    TrialRow row =
        SampleTrial(Draw(1, 12), 0, 0, Draw(0, 1) == 0 ? v1::Trial::RUNNING : DrawState());
    row.study_id = 1 + row.id % 4;
    row.number = static_cast<int32_t>(Draw(0, 20) == 0 ? Draw(0, 5) : row.id);
    if (row.state == v1::Trial::COMPLETED || Draw(0, 5) == 0) row.objective = DrawValue();
    if (row.state == v1::Trial::COMPLETED || Draw(0, 9) == 0) {
      if (Draw(0, 2) > 0) row.outcome = {{"accuracy", DrawValue()}, {"latency", DrawValue()}};
      if (Draw(0, 30) == 0) row.outcome[""] = 1;
      if (Draw(0, 1) == 0) row.feasible = Draw(0, 1) == 1;
    }
    row.end_time = Draw(0, 3);
    if (Draw(0, 3) == 0) row.parameters["extra"].set_double_value(DrawValue());
    // Of some studies all are repeats, and now and then one is what it should not be.
    if ((row.study_id > 2) == (Draw(0, 9) > 0)) {
      row.repeat_of = static_cast<int32_t>(row.number - Draw(Draw(0, 9) == 0 ? -1 : 0, 1));
    }
    if (Draw(0, 9) == 0 || row.repeat_of == row.number) row.repeats = DrawRepeats();
    return row;
  }
  RepeatsRow DrawRepeats() {
    RepeatsRow row;
    row.completed = static_cast<int32_t>(Draw(Draw(0, 20) == 0 ? -1 : 0, 3));
    row.state = Draw(0, 9) == 0 ? DrawState() : v1::Trial::COMPLETED;
    if (Draw(0, 9) > 0) row.mean = DrawValue();
    if (Draw(0, 1) == 0) row.standard_error = DrawValue();
    if (Draw(0, 1) == 0) row.feasible = Draw(0, 1) == 1;
    return row;
  }
  WarmStartTrialRow DrawWarmStartTrial() {
    WarmStartTrialRow row =
        SampleWarmStartTrial(Draw(1, 5), static_cast<int32_t>(Draw(0, 1)),
                             static_cast<int32_t>(Draw(Draw(0, 9) == 0 ? -1 : 0, 3)));
    row.value = DrawValue();
    if (Draw(0, 1) == 0) row.variance = DrawValue();
    if (Draw(0, 3) == 0) row.parameters["extra"].set_double_value(DrawValue());
    return row;
  }
  AttemptRow DrawAttempt() {
    const int64_t trial_id = Draw(1, 12);
    const auto number = static_cast<int32_t>(Draw(1, 3));
    AttemptRow row = SampleAttempt(trial_id, number, trial_id * 10 + number);
    if (Draw(0, 10) == 0) row.token_counter = Draw(0, 40);
    row.parent_attempt = static_cast<int32_t>(Draw(0, 10) == 0 ? Draw(-1, 4) : Draw(0, number - 1));
    row.resumed_from_step = Draw(Draw(0, 20) == 0 ? -1 : 0, 4);
    row.numerics_changed = Draw(0, 1) == 1;
    return row;
  }

  std::mt19937 random_;
};

// Both ask the same questions; each answer is text.
std::string Answers(Store& store, Reader& reader, RandomChanges& random) {
  absl::StatusOr<Snapshot> snapshot = store.Load();
  if (!snapshot.ok()) return snapshot.status().ToString();
  std::string text = Text(*snapshot);
  text += Text(reader.ListStudies(random.Draw(0, 2), 3).value());
  TrialQuery query;
  query.study_id = random.Draw(1, 4);
  query.order = static_cast<TrialQuery::Order>(random.Draw(0, 4));
  query.descending = random.Draw(0, 1) == 1;
  query.offset = static_cast<int32_t>(random.Draw(0, 1));
  query.changed_after_commit = random.Draw(0, 1) * random.Draw(0, snapshot->commit);
  if (random.Draw(0, 3) == 0) query.changed_after_number = static_cast<int32_t>(random.Draw(0, 12));
  query.unsettled = random.Draw(0, 3) == 0;
  for (int64_t i = random.Draw(0, 2); i > 0; --i) query.states.push_back(random.DrawState());
  if (random.Draw(0, 3) == 0) query.repeat_of = static_cast<int32_t>(random.Draw(1, 12));
  text += Text(reader.ListTrials(query, true).value());
  query.limit = 5;
  const TrialPage page = reader.ReadTrialPage(query, true, random.Draw(0, 9)).value();
  text += Text(page.trials) + (page.more ? "more" : "all");
  v1::Study definition = SampleStudy(1, "one").definition;
  for (const auto goal : {v1::Objective::MINIMIZE, v1::Objective::MAXIMIZE}) {
    definition.mutable_objective()->set_goal(goal);
    definition.set_repeats(static_cast<int32_t>(random.Draw(1, 2)));
    text += Text(reader.ListBestTrials(query.study_id, definition, 3, false).value());
  }
  definition = SampleStudyOfTwoObjectives(1, "two").definition;
  text += Text(reader.ListBestTrials(query.study_id, definition, 3, false).value());
  const int64_t trial_id = random.Draw(1, 12);
  const auto values = store.ReadMetric(trial_id, 1, "loss").value();
  for (const auto& [step, value] : values) {
    text += Text(SampleMeasurement(trial_id, 1, "loss", step, value));
  }
  const auto last = static_cast<int32_t>(random.Draw(1, 3));
  const auto curve = store.ReadCurve(trial_id, last, "loss").value();
  for (const auto& [step, value] : curve) {
    text += Text(SampleMeasurement(trial_id, last, "loss", step, value));
  }
  const auto artifact =
      reader.GetArtifact(1 + trial_id % 4, static_cast<int32_t>(trial_id),
                         static_cast<int32_t>(random.Draw(1, 2)), random.DrawKind(), 1);
  text += artifact.ok() ? Text(*artifact) : artifact.status().ToString();
  const auto attempt = store.FindAttempt(77, random.Draw(1, 130)).value();
  text += attempt.has_value() ? Text(*attempt) : "none";
  const MeasurementRow asked = SampleMeasurement(trial_id, 1, "loss", random.Draw(0, 5), 0.1);
  const StoredValues stored = store.FindStored({asked}).value();
  text += absl::StrCat(stored.values, "/", stored.conflicts);
  const auto counts = store.CountValues(trial_id).value();
  for (const auto& [metric, count] : counts) {
    text += absl::StrCat(metric, count);
  }
  const auto request = store.FindRequest("c", random.Draw(1, 5)).value();
  text += request.has_value() ? Text(*request) : "none";
  text += absl::StrCat(store.FindForgottenRequest("c").value().value_or(-1), "/",
                       store.FindOldestRequest().value().value_or(-1));
  return text;
}

TEST(StoreParity, MemoryAnswersAsSqliteDoes) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TemporaryFolder folder;
    std::unique_ptr<SqliteStore> sqlite = SqliteStore::Open(folder.path()).value();
    std::unique_ptr<SqliteReader> reader = SqliteReader::Open(folder.path()).value();
    MemoryStore memory;
    RandomChanges random(seed);
    int64_t commit = 0;
    for (int i = 0; i < 100; ++i) {
      const Batch batch = i == 0 ? random.First() : random.DrawBatch();
      const absl::Status expected = sqlite->Apply(batch, commit + 1);
      const absl::Status status = memory.Apply(batch, commit + 1);
      ASSERT_EQ(status.code(), expected.code()) << "memory: " << status << "\nsqlite: " << expected;
      if (status.ok()) ++commit;
      RandomChanges questions(static_cast<uint32_t>(random.Draw(0, 1 << 30)));
      RandomChanges same_questions = questions;
      ASSERT_EQ(Answers(memory, memory, questions), Answers(*sqlite, *reader, same_questions));
    }
    EXPECT_GT(commit, 20) << "too few good batches to mean anything";
  }
}

TEST(MemoryStore, FailsWhenTold) {
  MemoryStore store;
  int asked = 0;
  store.SetBeforeApply([&asked](const Batch& batch) {
    ++asked;
    return batch.size() > 1 ? absl::ResourceExhaustedError("full") : absl::OkStatus();
  });
  EXPECT_EQ(store.Apply({SampleStudy(1, "a"), SampleStudy(2, "b")}, 1).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store.Load()->commit, 0);
  EXPECT_TRUE(store.Load()->studies.empty());
  EXPECT_TRUE(store.Apply({SampleStudy(1, "a")}, 1).ok());
  store.SetBeforeApply(nullptr);
  EXPECT_TRUE(store.Apply({SampleStudy(2, "b"), SampleStudy(3, "c")}, 2).ok());
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace caviar::storage
