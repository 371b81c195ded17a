#include "storage/memory_store.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "storage/curve.h"
#include "storage/trial_state.h"

namespace caviar::storage {
namespace {

using google::protobuf::util::MessageDifferencer;

// All but the epoch.
Snapshot Copy(const MemoryTables& tables) {
  Snapshot snapshot;
  snapshot.commit = tables.commit;
  snapshot.counters = tables.counters;
  const auto is_visible = [&tables](int64_t study_id) {
    return !tables.studies.at(study_id).deleted;
  };
  for (const auto& [id, study] : tables.studies) snapshot.studies.push_back(study);
  for (const auto& [key, id] : tables.trial_ids) {
    if (is_visible(key.first)) snapshot.trials.push_back(tables.trials.at(id).row);
  }
  for (auto it = tables.attempts.begin(); it != tables.attempts.end(); ++it) {
    const TrialRow& trial = tables.trials.at(it->first.first).row;
    const auto next = std::next(it);
    const bool is_newest = next == tables.attempts.end() || next->first.first != it->first.first;
    if (is_visible(trial.study_id) && (is_newest || !IsFinal(trial.state))) {
      snapshot.attempts.push_back(it->second);
    }
  }
  for (const auto& [study_id, evaluation] : tables.evaluations) {
    if (is_visible(study_id)) snapshot.evaluations.push_back(evaluation);
  }
  for (const auto& [key, artifact] : tables.artifacts) {
    if (is_visible(tables.trials.at(artifact.trial_id).row.study_id)) {
      snapshot.artifacts.push_back(artifact);
    }
  }
  for (const auto& [key, decision] : tables.pruner_decisions) {
    if (is_visible(tables.trials.at(decision.trial_id).row.study_id)) {
      snapshot.pruner_decisions.push_back(decision);
    }
  }
  for (const auto& [key, trial] : tables.warm_start_trials) {
    if (is_visible(trial.study_id)) snapshot.warm_start_trials.push_back(trial);
  }
  for (const auto& [key, revision] : tables.study_revisions) {
    if (!is_visible(revision.study_id)) continue;
    std::vector<StudyRevisionRow>& kept = snapshot.study_revisions;
    if (kept.empty() || kept.back().study_id != revision.study_id ||
        !MessageDifferencer::Equals(kept.back().definition.pruner(),
                                    revision.definition.pruner())) {
      kept.push_back(revision);
    }
  }
  for (const auto& [id, activation] : tables.study_activations) {
    if (is_visible(id)) snapshot.study_activations.push_back(activation);
  }
  for (const auto& [key, end] : tables.study_ends) snapshot.study_ends.push_back(end);
  for (const auto& [id, worker] : tables.workers) snapshot.workers.push_back(worker);
  return snapshot;
}

}  // namespace

void MemoryStore::SetBeforeApply(BeforeApply before_apply) {
  absl::MutexLock lock(&mutex_);
  before_apply_ = std::move(before_apply);
}

absl::StatusOr<Snapshot> MemoryStore::Load() {
  absl::MutexLock lock(&mutex_);
  Snapshot snapshot = Copy(tables_);
  snapshot.store_epoch = store_epoch_;
  return snapshot;
}

absl::Status MemoryStore::Apply(const Batch& batch, int64_t commit) {
  BeforeApply before_apply;
  {
    absl::MutexLock lock(&mutex_);
    before_apply = before_apply_;
  }
  if (before_apply) {
    if (absl::Status status = before_apply(batch); !status.ok()) return status;
  }
  absl::MutexLock lock(&mutex_);
  if (commit != tables_.commit + 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("commit ", commit, " does not follow commit ", tables_.commit));
  }
  MemoryTransaction transaction(tables_, commit);
  for (const Change& change : batch) {
    absl::Status status =
        std::visit([&transaction](const auto& row) { return transaction.Write(row); }, change);
    if (!status.ok()) return status;
    transaction.Step();
  }
  transaction.Commit();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RequestRow>> MemoryStore::FindRequest(const std::string& client_id,
                                                                   int64_t sequence) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.requests.find({client_id, sequence});
  if (it == tables_.requests.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::optional<int64_t>> MemoryStore::FindForgottenRequest(
    const std::string& client_id) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.forgotten_requests.find(client_id);
  if (it == tables_.forgotten_requests.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::optional<int64_t>> MemoryStore::FindOldestRequest() {
  absl::MutexLock lock(&mutex_);
  std::optional<int64_t> oldest;
  for (const auto& [key, row] : tables_.requests) {
    if (row.time != 0 && row.time < oldest.value_or(row.time + 1)) oldest = row.time;
  }
  return oldest;
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> MemoryStore::ReadMetric(
    int64_t trial_id, int32_t attempt, const std::string& metric) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<int64_t, double>> values;
  for (auto it = tables_.measurements.lower_bound({trial_id, attempt, metric, kLowest});
       it != tables_.measurements.end() && it->second.trial_id == trial_id &&
       it->second.attempt == attempt && it->second.metric == metric;
       ++it) {
    values.emplace_back(it->second.step, it->second.value);
  }
  return values;
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> MemoryStore::ReadCurve(
    int64_t trial_id, int32_t attempt, const std::string& metric) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<int64_t, double>> values;
  for (const CurvePart& part : CurveParts(tables_.AttemptsOf(trial_id), attempt)) {
    for (auto it =
             tables_.measurements.lower_bound({trial_id, part.attempt, metric, part.after + 1});
         it != tables_.measurements.end() && it->second.trial_id == trial_id &&
         it->second.attempt == part.attempt && it->second.metric == metric &&
         it->second.step <= part.up_to;
         ++it) {
      values.emplace_back(it->second.step, it->second.value);
    }
  }
  return values;
}

absl::StatusOr<std::optional<int64_t>> MemoryStore::FindLastStep(int64_t trial_id,
                                                                 int32_t attempt) {
  absl::MutexLock lock(&mutex_);
  std::optional<int64_t> last;
  for (auto it = tables_.measurements.lower_bound({trial_id, attempt, "", kLowest});
       it != tables_.measurements.end() && it->second.trial_id == trial_id &&
       it->second.attempt == attempt;
       ++it) {
    last = std::max(last.value_or(it->second.step), it->second.step);
  }
  return last;
}

absl::StatusOr<StoredValues> MemoryStore::FindStored(const std::vector<MeasurementRow>& rows) {
  absl::MutexLock lock(&mutex_);
  StoredValues found;
  for (const MeasurementRow& row : rows) {
    const auto it = tables_.measurements.find({row.trial_id, row.attempt, row.metric, row.step});
    if (it == tables_.measurements.end()) continue;
    ++found.values;
    if (!IsSameValue(it->second.value, row.value)) ++found.conflicts;
  }
  return found;
}

absl::StatusOr<std::map<std::string, int64_t>> MemoryStore::CountValues(int64_t trial_id) {
  absl::MutexLock lock(&mutex_);
  std::map<std::string, int64_t> counts;
  for (auto it = tables_.measurements.lower_bound({trial_id, 0, "", kLowest});
       it != tables_.measurements.end() && it->second.trial_id == trial_id; ++it) {
    ++counts[it->second.metric];
  }
  return counts;
}

absl::StatusOr<std::optional<AttemptRow>> MemoryStore::FindAttempt(int64_t token_epoch,
                                                                   int64_t token_counter) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.tokens.find({token_epoch, token_counter});
  if (it == tables_.tokens.end()) return std::nullopt;
  return tables_.attempts.at(it->second);
}

absl::StatusOr<bool> MemoryStore::HasStudyRows(int64_t study_id) {
  absl::MutexLock lock(&mutex_);
  return tables_.studies.contains(study_id);
}

}  // namespace caviar::storage
