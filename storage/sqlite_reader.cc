#include "storage/sqlite_reader.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "storage/artifact_table.h"
#include "storage/attempt_table.h"
#include "storage/curve.h"
#include "storage/evaluation_table.h"
#include "storage/measurement_table.h"
#include "storage/migration.h"
#include "storage/pruner_decision_table.h"
#include "storage/sqlite_store.h"
#include "storage/store_table.h"
#include "storage/study_revision_table.h"
#include "storage/study_table.h"
#include "storage/trial_count_table.h"
#include "storage/trial_table.h"
#include "storage/usage.h"
#include "storage/warm_start_trial_table.h"

namespace caviar::storage {
namespace {

// Connections kept open between calls.
constexpr size_t kKept = 8;

absl::StatusOr<StudyReading> Complete(Connection& connection, StudyRow study) {
  StudyReading reading;
  absl::StatusOr<v1::TrialCounts> counts = CountTrials(connection, study.id);
  if (!counts.ok()) return counts.status();
  reading.counts = *counts;
  // Of several objectives none is the best.
  if (!vocabulary::HasSeveralObjectives(study.definition)) {
    absl::StatusOr<std::vector<TrialRow>> best =
        FindBestTrials(connection, study.id, study.definition, 1);
    if (!best.ok()) return best.status();
    if (!best->empty()) reading.best = std::move(best->front());
  }
  absl::StatusOr<std::optional<EvaluationRow>> evaluation = ReadEvaluation(connection, study.id);
  if (!evaluation.ok()) return evaluation.status();
  reading.evaluation = *std::move(evaluation);
  if (reading.evaluation) {
    absl::StatusOr<int64_t> number = ReadTrialNumber(connection, reading.evaluation->trial_id);
    if (!number.ok()) return number.status();
    reading.evaluated = static_cast<int32_t>(*number);
  }
  absl::StatusOr<int64_t> commit = ReadCommit(connection);
  if (!commit.ok()) return commit.status();
  reading.commit = *commit;
  reading.study = std::move(study);
  return reading;
}

absl::Status FillIn(Connection& connection, TrialReading& reading) {
  const int64_t id = reading.trial.id;
  if (!reading.attempts.empty()) {
    absl::StatusOr<std::vector<MeasurementRow>> measurements = ReadMeasurements(
        connection, id, CurveParts(reading.attempts, reading.attempts.back().number));
    if (!measurements.ok()) return measurements.status();
    reading.measurements = *std::move(measurements);
  }
  absl::StatusOr<std::vector<ArtifactRow>> artifacts = ReadArtifacts(connection, id);
  if (!artifacts.ok()) return artifacts.status();
  reading.artifacts = *std::move(artifacts);
  absl::StatusOr<std::vector<PrunerDecisionRow>> decisions = ReadPrunerDecisions(connection, id);
  if (!decisions.ok()) return decisions.status();
  reading.pruner_decisions = *std::move(decisions);
  return absl::OkStatus();
}

absl::StatusOr<TrialReading> Complete(Connection& connection, TrialRow trial, bool full) {
  TrialReading reading;
  reading.trial = std::move(trial);
  absl::StatusOr<std::vector<AttemptRow>> attempts = ReadAttempts(connection, reading.trial.id);
  if (!attempts.ok()) return attempts.status();
  reading.attempts = *std::move(attempts);
  if (reading.trial.state == v1::Trial::RUNNING) {
    const AttemptRow newest = reading.attempts.empty() ? AttemptRow() : reading.attempts.back();
    absl::StatusOr<std::optional<int64_t>> own =
        ReadLastStep(connection, reading.trial.id, newest.number);
    if (!own.ok()) return own.status();
    reading.trial.last_step = LastStepOfCurve(newest, *own);
  }
  if (full) {
    if (absl::Status status = FillIn(connection, reading); !status.ok()) return status;
  }
  return reading;
}

absl::StatusOr<std::vector<TrialReading>> Complete(Connection& connection,
                                                   absl::StatusOr<std::vector<TrialRow>> trials,
                                                   bool full) {
  if (!trials.ok()) return trials.status();
  std::vector<TrialReading> readings;
  readings.reserve(trials->size());
  for (TrialRow& trial : *trials) {
    absl::StatusOr<TrialReading> reading = Complete(connection, std::move(trial), full);
    if (!reading.ok()) return reading.status();
    readings.push_back(*std::move(reading));
  }
  return readings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const std::string& data_directory,
                                                                 OnDamage on_damage,
                                                                 const std::string& vfs) {
  std::unique_ptr<SqliteReader> reader =
      absl::WrapUnique(new SqliteReader(DatabaseFile(data_directory), vfs, std::move(on_damage)));
  absl::StatusOr<std::unique_ptr<Connection>> connection = reader->Take();
  if (!connection.ok()) return connection.status();
  if (absl::Status status = CheckFile(**connection); !status.ok()) return status;
  absl::StatusOr<int64_t> version = (*connection)->ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version != NewestVersion()) {
    return absl::FailedPreconditionError(
        absl::StrCat(reader->file_, " has schema version ", *version, ", this build reads ",
                     NewestVersion(), "; let the coordinator of this build open it first"));
  }
  reader->PutBack(*std::move(connection));
  return reader;
}

absl::StatusOr<std::unique_ptr<Connection>> SqliteReader::Take() {
  {
    absl::MutexLock lock(&mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Connection> connection = std::move(free_.back());
      free_.pop_back();
      return connection;
    }
  }
  return Connection::Open(file_, Connection::Mode::kReadOnly, vfs_, kBusyMilliseconds);
}

void SqliteReader::PutBack(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  // One too many is closed by its caller, after the lock is let go.
  if (free_.size() < kKept) free_.push_back(std::move(connection));
}

template <typename Result, typename Read>
absl::StatusOr<Result> SqliteReader::InSnapshot(Read read) {
  absl::StatusOr<Result> result = TryInSnapshot<Result>(read);
  // As in SqliteStore::Note: what it needs room for is not its answer.
  if (absl::IsResourceExhausted(result.status())) {
    return absl::UnavailableError(result.status().message());
  }
  if (absl::IsDataLoss(result.status()) && on_damage_ != nullptr) on_damage_(result.status());
  return result;
}

template <typename Result, typename Read>
absl::StatusOr<Result> SqliteReader::TryInSnapshot(Read read) {
  absl::StatusOr<std::unique_ptr<Connection>> connection = Take();
  if (!connection.ok()) return connection.status();
  if (absl::Status status = (*connection)->Execute("BEGIN"); !status.ok()) return status;
  absl::StatusOr<Result> result = read(**connection);
  (*connection)->Rollback();
  // A connection that met an error is not used again.
  if (result.ok() || absl::IsNotFound(result.status())) PutBack(*std::move(connection));
  return result;
}

absl::StatusOr<StudyReading> SqliteReader::GetStudy(const std::string& name) {
  return InSnapshot<StudyReading>([&](Connection& connection) -> absl::StatusOr<StudyReading> {
    absl::StatusOr<StudyRow> study = ReadStudyNamed(connection, name);
    if (!study.ok()) return study.status();
    return Complete(connection, *std::move(study));
  });
}

absl::StatusOr<std::vector<StudyReading>> SqliteReader::ListStudies(int64_t after_id,
                                                                    int32_t limit) {
  using Readings = std::vector<StudyReading>;
  return InSnapshot<Readings>([&](Connection& connection) -> absl::StatusOr<Readings> {
    absl::StatusOr<std::vector<StudyRow>> studies = ReadStudiesAfter(connection, after_id, limit);
    if (!studies.ok()) return studies.status();
    Readings readings;
    for (StudyRow& study : *studies) {
      absl::StatusOr<StudyReading> reading = Complete(connection, std::move(study));
      if (!reading.ok()) return reading.status();
      readings.push_back(*std::move(reading));
    }
    return readings;
  });
}

absl::StatusOr<TrialReading> SqliteReader::GetTrial(int64_t study_id, int32_t number, bool full) {
  return InSnapshot<TrialReading>([&](Connection& connection) -> absl::StatusOr<TrialReading> {
    absl::StatusOr<bool> visible = IsStudyVisible(connection, study_id);
    if (!visible.ok()) return visible.status();
    absl::StatusOr<std::vector<TrialRow>> trials = ReadTrial(connection, study_id, number);
    if (!trials.ok()) return trials.status();
    if (!*visible || trials->empty()) {
      return absl::NotFoundError(absl::StrCat("there is no trial ", number));
    }
    return Complete(connection, std::move(trials->front()), full);
  });
}

absl::StatusOr<std::vector<TrialReading>> SqliteReader::ListTrials(const TrialQuery& query,
                                                                   bool full) {
  using Readings = std::vector<TrialReading>;
  return InSnapshot<Readings>([&](Connection& connection) -> absl::StatusOr<Readings> {
    absl::StatusOr<bool> visible = IsStudyVisible(connection, query.study_id);
    if (!visible.ok()) return visible.status();
    if (!*visible) return Readings();
    return Complete(connection, FindTrials(connection, query), full);
  });
}

absl::StatusOr<TrialPage> SqliteReader::ReadTrialPage(const TrialQuery& query, bool full,
                                                      int64_t max_rows) {
  return InSnapshot<TrialPage>([&](Connection& connection) -> absl::StatusOr<TrialPage> {
    TrialPage page;
    absl::StatusOr<bool> visible = IsStudyVisible(connection, query.study_id);
    if (!visible.ok()) return visible.status();
    if (!*visible) return page;
    TrialQuery one_more = query;
    ++one_more.limit;
    absl::StatusOr<std::vector<TrialRow>> trials = FindTrials(connection, one_more);
    if (!trials.ok()) return trials.status();
    int64_t rows = 0;
    for (TrialRow& trial : *trials) {
      page.more = static_cast<int64_t>(page.trials.size()) == query.limit ||
                  (!page.trials.empty() && rows >= max_rows);
      if (page.more) return page;
      absl::StatusOr<TrialReading> reading = Complete(connection, std::move(trial), full);
      if (!reading.ok()) return reading.status();
      rows += CountRows(*reading);
      page.trials.push_back(*std::move(reading));
    }
    return page;
  });
}

absl::StatusOr<std::vector<TrialReading>> SqliteReader::ListBestTrials(int64_t study_id,
                                                                       const v1::Study& definition,
                                                                       int32_t count, bool full) {
  using Readings = std::vector<TrialReading>;
  return InSnapshot<Readings>([&](Connection& connection) -> absl::StatusOr<Readings> {
    absl::StatusOr<bool> visible = IsStudyVisible(connection, study_id);
    if (!visible.ok()) return visible.status();
    if (!*visible) return Readings();
    return Complete(connection, FindBestTrials(connection, study_id, definition, count), full);
  });
}

absl::StatusOr<std::vector<MeasurementRow>> SqliteReader::ListMeasurements(
    int64_t trial_id, const std::string& metric) {
  return InSnapshot<std::vector<MeasurementRow>>(
      [&](Connection& connection) { return ReadAllMeasurements(connection, trial_id, metric); });
}

absl::StatusOr<std::vector<PrunerDecisionRow>> SqliteReader::ListPrunerDecisions(int64_t trial_id) {
  return InSnapshot<std::vector<PrunerDecisionRow>>(
      [&](Connection& connection) { return ReadPrunerDecisions(connection, trial_id); });
}

absl::StatusOr<std::vector<WarmStartTrialRow>> SqliteReader::ListWarmStartTrials(int64_t study_id) {
  return InSnapshot<std::vector<WarmStartTrialRow>>(
      [&](Connection& connection) { return ReadWarmStartTrials(connection, study_id); });
}

absl::StatusOr<std::vector<StudyRevisionRow>> SqliteReader::ListStudyRevisions(int64_t study_id) {
  return InSnapshot<std::vector<StudyRevisionRow>>(
      [&](Connection& connection) { return ReadStudyRevisions(connection, study_id); });
}

absl::StatusOr<std::optional<StudyRevisionRow>> SqliteReader::FindStudyRevision(int64_t study_id,
                                                                                int32_t revision) {
  return InSnapshot<std::optional<StudyRevisionRow>>(
      [&](Connection& connection) { return ReadStudyRevision(connection, study_id, revision); });
}

absl::StatusOr<StoreUsage> SqliteReader::ReadUsage() {
  return InSnapshot<StoreUsage>([&](Connection& connection) -> absl::StatusOr<StoreUsage> {
    absl::StatusOr<std::vector<StudyUsage>> studies = storage::ReadUsage(connection);
    if (!studies.ok()) return studies.status();
    return StoreUsage{FileSize(file_) + FileSize(file_ + "-wal"), *std::move(studies)};
  });
}

absl::StatusOr<ArtifactRow> SqliteReader::GetArtifact(int64_t study_id, int32_t number,
                                                      int32_t attempt, v1::Artifact::Kind kind,
                                                      int64_t step) {
  return InSnapshot<ArtifactRow>([&](Connection& connection) {
    return ReadArtifact(connection, study_id, number, attempt, kind, step);
  });
}

}  // namespace caviar::storage
