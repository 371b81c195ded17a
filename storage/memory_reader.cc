// The Reader's half of MemoryStore.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "storage/curve.h"
#include "storage/memory_store.h"
#include "storage/pareto_front.h"
#include "storage/trial_state.h"

namespace caviar::storage {
namespace {

bool IsVisible(const MemoryTables& tables, int64_t study_id) {
  const auto it = tables.studies.find(study_id);
  return it != tables.studies.end() && !it->second.deleted;
}

// The study's trials, by number.
std::vector<const MemoryTables::Trial*> TrialsOf(const MemoryTables& tables, int64_t study_id) {
  std::vector<const MemoryTables::Trial*> trials;
  if (!IsVisible(tables, study_id)) return trials;
  for (auto it = tables.trial_ids.lower_bound({study_id, 0});
       it != tables.trial_ids.end() && it->first.first == study_id; ++it) {
    trials.push_back(&tables.trials.at(it->second));
  }
  return trials;
}

// COMPLETED, feasible trials with an objective, by number.
std::vector<const MemoryTables::Trial*> ComparableOf(const MemoryTables& tables, int64_t study_id) {
  std::vector<const MemoryTables::Trial*> trials = TrialsOf(tables, study_id);
  std::erase_if(trials, [](const MemoryTables::Trial* trial) {
    const TrialRow& row = trial->row;
    return row.state != v1::Trial::COMPLETED || row.feasible == false || !row.objective.has_value();
  });
  return trials;
}

// The first trials of COMPLETED, feasible configurations of a study with repeats, by number.
std::vector<const MemoryTables::Trial*> RepeatedOf(const MemoryTables& tables, int64_t study_id) {
  std::vector<const MemoryTables::Trial*> trials = TrialsOf(tables, study_id);
  std::erase_if(trials, [](const MemoryTables::Trial* trial) {
    const std::optional<RepeatsRow>& repeats = trial->row.repeats;
    return !repeats || repeats->state != v1::Trial::COMPLETED || repeats->feasible == false;
  });
  return trials;
}

// By the only objective, as Reader::ListBestTrials.
std::vector<const MemoryTables::Trial*> BestOf(const MemoryTables& tables, int64_t study_id,
                                               const v1::Study& definition) {
  const bool repeats = definition.repeats() > 1;
  std::vector<const MemoryTables::Trial*> trials =
      repeats ? RepeatedOf(tables, study_id) : ComparableOf(tables, study_id);
  const auto key = [&](const MemoryTables::Trial* trial) {
    const TrialRow& row = trial->row;
    return std::pair(
        repeats ? -row.repeats->completed : 0,
        vocabulary::Loss(definition.objective(), repeats ? *row.repeats->mean : *row.objective));
  };
  std::stable_sort(trials.begin(), trials.end(),
                   [&key](const auto* a, const auto* b) { return key(a) < key(b); });
  return trials;
}

// nullopt: it lacks a finite value of one of them.
std::optional<Candidate> ToCandidate(const TrialRow& row,
                                     const std::vector<v1::Objective>& objectives) {
  Candidate candidate{row.number, {}};
  for (const v1::Objective& objective : objectives) {
    const auto found = row.outcome.find(objective.metric());
    if (found == row.outcome.end() || !std::isfinite(found->second)) return std::nullopt;
    candidate.losses.push_back(vocabulary::Loss(objective, found->second));
  }
  return candidate;
}

std::vector<const MemoryTables::Trial*> FrontOf(const MemoryTables& tables, int64_t study_id,
                                                const std::vector<v1::Objective>& objectives,
                                                int32_t count) {
  std::vector<Candidate> candidates;
  for (const auto* trial : ComparableOf(tables, study_id)) {
    if (auto candidate = ToCandidate(trial->row, objectives)) {
      candidates.push_back(*std::move(candidate));
    }
  }
  std::vector<const MemoryTables::Trial*> front;
  for (const int32_t number : ParetoFront(std::move(candidates), count)) {
    front.push_back(&tables.trials.at(tables.trial_ids.at({study_id, number})));
  }
  return front;
}

StudyReading ReadStudy(const MemoryTables& tables, const StudyRow& study) {
  StudyReading reading;
  reading.study = study;
  reading.commit = tables.commit;
  for (const auto* trial : TrialsOf(tables, study.id)) Count(reading.counts, trial->row.state, 1);
  // Of several objectives none is the best.
  if (!vocabulary::HasSeveralObjectives(study.definition)) {
    const auto best = BestOf(tables, study.id, study.definition);
    if (!best.empty()) reading.best = best.front()->row;
  }
  const auto evaluation = tables.evaluations.find(study.id);
  if (evaluation != tables.evaluations.end()) {
    reading.evaluation = evaluation->second;
    reading.evaluated = tables.trials.at(evaluation->second.trial_id).row.number;
  }
  return reading;
}

// The attempt's own, by step and metric.
std::vector<MeasurementRow> MeasurementsOf(const MemoryTables& tables, int64_t trial_id,
                                           int32_t attempt) {
  std::vector<MeasurementRow> rows;
  for (auto it = tables.measurements.lower_bound({trial_id, attempt, "", kLowest});
       it != tables.measurements.end() && it->second.trial_id == trial_id &&
       it->second.attempt == attempt;
       ++it) {
    rows.push_back(it->second);
  }
  std::sort(rows.begin(), rows.end(), [](const MeasurementRow& a, const MeasurementRow& b) {
    return std::tie(a.step, a.metric) < std::tie(b.step, b.metric);
  });
  return rows;
}

// The same for the curve that ends in the last of the attempts.
std::vector<MeasurementRow> CurveOf(const MemoryTables& tables,
                                    const std::vector<AttemptRow>& attempts) {
  std::vector<MeasurementRow> curve;
  if (attempts.empty()) return curve;
  for (const CurvePart& part : CurveParts(attempts, attempts.back().number)) {
    for (const MeasurementRow& row :
         MeasurementsOf(tables, attempts.back().trial_id, part.attempt)) {
      if (row.step > part.after && row.step <= part.up_to) curve.push_back(row);
    }
  }
  return curve;
}

std::vector<PrunerDecisionRow> DecisionsOf(const MemoryTables& tables, int64_t trial_id) {
  std::vector<PrunerDecisionRow> rows;
  for (auto it = tables.pruner_decisions.lower_bound({trial_id, kLowest, 0});
       it != tables.pruner_decisions.end() && it->second.trial_id == trial_id; ++it) {
    rows.push_back(it->second);
  }
  return rows;
}

TrialReading ReadTrial(const MemoryTables& tables, const MemoryTables::Trial& written, bool full) {
  const TrialRow& trial = written.row;
  TrialReading reading;
  reading.trial = trial;
  reading.trial.commit = written.commit;
  reading.attempts = tables.AttemptsOf(trial.id);
  if (trial.state == v1::Trial::RUNNING) {
    const AttemptRow newest = reading.attempts.empty() ? AttemptRow() : reading.attempts.back();
    const auto own = MeasurementsOf(tables, trial.id, newest.number);
    reading.trial.last_step = LastStepOfCurve(
        newest, own.empty() ? std::nullopt : std::optional<int64_t>(own.back().step));
  }
  if (!full) return reading;
  reading.measurements = CurveOf(tables, reading.attempts);
  for (auto it = tables.artifacts.lower_bound({trial.id, 0, 0, kLowest});
       it != tables.artifacts.end() && it->second.trial_id == trial.id; ++it) {
    reading.artifacts.push_back(it->second);
  }
  reading.pruner_decisions = DecisionsOf(tables, trial.id);
  return reading;
}

// What the trial is ordered by; nullopt comes last.
std::optional<double> SortKey(const MemoryTables::Trial& trial, TrialQuery::Order order) {
  const TrialRow& row = trial.row;
  const auto time = [](int64_t value) {
    return value == 0 ? std::nullopt : std::optional<double>(static_cast<double>(value));
  };
  switch (order) {
    case TrialQuery::Order::kNumber:
      return row.number;
    case TrialQuery::Order::kObjective:
      return row.objective;
    case TrialQuery::Order::kCreateTime:
      return time(row.create_time);
    case TrialQuery::Order::kEndTime:
      return time(row.end_time);
    case TrialQuery::Order::kCommit:
      return static_cast<double>(trial.commit);
  }
  return std::nullopt;
}

bool Matches(const MemoryTables::Trial& trial, const TrialQuery& query) {
  const bool is_later = trial.commit > query.changed_after_commit ||
                        (trial.commit == query.changed_after_commit && query.changed_after_number &&
                         trial.row.number > *query.changed_after_number);
  const bool is_unsettled =
      trial.row.repeat_of == trial.row.number &&
      (!trial.row.repeats || trial.row.repeats->state == v1::Trial::STATE_UNSPECIFIED);
  return is_later && (!query.unsettled || is_unsettled) &&
         (!query.repeat_of || trial.row.repeat_of == query.repeat_of) &&
         (query.states.empty() || std::find(query.states.begin(), query.states.end(),
                                            trial.row.state) != query.states.end());
}

}  // namespace

absl::StatusOr<StudyReading> MemoryStore::GetStudy(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.study_names.find(name);
  if (it == tables_.study_names.end()) {
    return absl::NotFoundError(absl::StrCat("there is no study '", name, "'"));
  }
  return ReadStudy(tables_, tables_.studies.at(it->second));
}

absl::StatusOr<std::vector<StudyReading>> MemoryStore::ListStudies(int64_t after_id,
                                                                   int32_t limit) {
  absl::MutexLock lock(&mutex_);
  std::vector<StudyReading> readings;
  for (auto it = tables_.studies.upper_bound(after_id);
       it != tables_.studies.end() && static_cast<int64_t>(readings.size()) < limit; ++it) {
    if (!it->second.deleted) readings.push_back(ReadStudy(tables_, it->second));
  }
  return readings;
}

absl::StatusOr<TrialReading> MemoryStore::GetTrial(int64_t study_id, int32_t number, bool full) {
  absl::MutexLock lock(&mutex_);
  const auto it = tables_.trial_ids.find({study_id, number});
  if (it == tables_.trial_ids.end() || !IsVisible(tables_, study_id)) {
    return absl::NotFoundError(absl::StrCat("there is no trial ", number));
  }
  return ReadTrial(tables_, tables_.trials.at(it->second), full);
}

absl::StatusOr<std::vector<TrialReading>> MemoryStore::ListTrials(const TrialQuery& query,
                                                                  bool full) {
  absl::MutexLock lock(&mutex_);
  std::vector<const MemoryTables::Trial*> trials = TrialsOf(tables_, query.study_id);
  std::erase_if(trials, [&query](const auto* trial) { return !Matches(*trial, query); });
  std::stable_sort(trials.begin(), trials.end(), [&query](const auto* a, const auto* b) {
    const std::optional<double> x = SortKey(*a, query.order);
    const std::optional<double> y = SortKey(*b, query.order);
    if (!x.has_value() || !y.has_value()) return x.has_value() && !y.has_value();
    return query.descending ? *x > *y : *x < *y;
  });
  std::vector<TrialReading> readings;
  for (size_t i = std::max(query.offset, 0);
       i < trials.size() && static_cast<int64_t>(readings.size()) < query.limit; ++i) {
    readings.push_back(ReadTrial(tables_, *trials[i], full));
  }
  return readings;
}

absl::StatusOr<std::vector<TrialReading>> MemoryStore::ListBestTrials(int64_t study_id,
                                                                      const v1::Study& definition,
                                                                      int32_t count, bool full) {
  absl::MutexLock lock(&mutex_);
  std::vector<TrialReading> readings;
  const auto best = vocabulary::HasSeveralObjectives(definition)
                        ? FrontOf(tables_, study_id, vocabulary::ObjectivesOf(definition), count)
                        : BestOf(tables_, study_id, definition);
  for (const auto* trial : best) {
    if (static_cast<int64_t>(readings.size()) >= count) break;
    readings.push_back(ReadTrial(tables_, *trial, full));
  }
  return readings;
}

absl::StatusOr<std::vector<MeasurementRow>> MemoryStore::ListMeasurements(
    int64_t trial_id, const std::string& metric) {
  absl::MutexLock lock(&mutex_);
  std::vector<MeasurementRow> rows;
  for (const AttemptRow& attempt : tables_.AttemptsOf(trial_id)) {
    for (MeasurementRow& row : MeasurementsOf(tables_, trial_id, attempt.number)) {
      if (row.metric == metric) rows.push_back(std::move(row));
    }
  }
  return rows;
}

absl::StatusOr<std::vector<PrunerDecisionRow>> MemoryStore::ListPrunerDecisions(int64_t trial_id) {
  absl::MutexLock lock(&mutex_);
  return DecisionsOf(tables_, trial_id);
}

absl::StatusOr<std::vector<WarmStartTrialRow>> MemoryStore::ListWarmStartTrials(int64_t study_id) {
  absl::MutexLock lock(&mutex_);
  std::vector<WarmStartTrialRow> rows;
  for (auto it = tables_.warm_start_trials.lower_bound({study_id, 0, 0});
       it != tables_.warm_start_trials.end() && it->second.study_id == study_id; ++it) {
    rows.push_back(it->second);
  }
  return rows;
}

absl::StatusOr<std::vector<StudyRevisionRow>> MemoryStore::ListStudyRevisions(int64_t study_id) {
  absl::MutexLock lock(&mutex_);
  std::vector<StudyRevisionRow> rows;
  for (auto it = tables_.study_revisions.lower_bound({study_id, 0});
       it != tables_.study_revisions.end() && it->second.study_id == study_id; ++it) {
    rows.push_back(it->second);
  }
  return rows;
}

absl::StatusOr<StoreUsage> MemoryStore::ReadUsage() {
  absl::MutexLock lock(&mutex_);
  std::map<int64_t, StudyUsage> all;
  for (const auto& [id, study] : tables_.studies) {
    if (study.deleted) continue;
    all[id].study_id = id;
    all[id].name = study.definition.name();
  }
  const auto of_trial = [&](int64_t trial_id) -> StudyUsage* {
    const auto usage = all.find(tables_.trials.at(trial_id).row.study_id);
    return usage == all.end() ? nullptr : &usage->second;
  };
  for (const auto& [id, trial] : tables_.trials) {
    StudyUsage* usage = of_trial(id);
    if (usage == nullptr) continue;
    ++usage->trials;
    if (trial.row.state == v1::Trial::RUNNING) ++usage->running;
  }
  for (const auto& [key, row] : tables_.measurements) {
    if (StudyUsage* usage = of_trial(row.trial_id)) ++usage->measurements;
  }
  for (const auto& [key, row] : tables_.artifacts) {
    StudyUsage* usage = of_trial(row.trial_id);
    if (usage == nullptr) continue;
    ++usage->files[row.kind].files;
    usage->files[row.kind].bytes += row.size;
  }
  StoreUsage whole;
  for (auto& [id, usage] : all) whole.studies.push_back(std::move(usage));
  return whole;
}

absl::StatusOr<ArtifactRow> MemoryStore::GetArtifact(int64_t study_id, int32_t number,
                                                     int32_t attempt, v1::Artifact::Kind kind,
                                                     int64_t step) {
  absl::MutexLock lock(&mutex_);
  const auto trial = tables_.trial_ids.find({study_id, number});
  if (trial != tables_.trial_ids.end() && IsVisible(tables_, study_id)) {
    const auto it = tables_.artifacts.find({trial->second, attempt, kind, step});
    if (it != tables_.artifacts.end()) return it->second;
  }
  return absl::NotFoundError(
      absl::StrCat("attempt ", attempt, " of trial ", number, " has no such file of step ", step));
}

}  // namespace caviar::storage
