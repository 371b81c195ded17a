#include "storage/memory_tables.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "storage/trial_state.h"
#include "storage/warm_start_trial_table.h"

namespace caviar::storage {
namespace {

constexpr int kEraseRows = 1000;

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Written so that NaN is none.
bool IsShare(double value) { return value >= 0 && value <= 1; }

absl::Status CheckParameters(const TrialRow& row) {
  for (const auto& [name, value] : row.parameters) {
    if (name.empty() || value.kind_case() == v1::Value::KIND_NOT_SET ||
        (value.has_double_value() && !std::isfinite(value.double_value()))) {
      return Invalid(
          absl::StrCat("trial ", row.id, ": parameter '", name, "' has no finite value"));
    }
  }
  return absl::OkStatus();
}

bool IsFinite(const std::optional<double>& value) { return !value || std::isfinite(*value); }

absl::Status CheckRepeats(const TrialRow& row) {
  const bool first = row.repeat_of && *row.repeat_of == row.number;
  const RepeatsRow repeats = row.repeats.value_or(RepeatsRow());
  const bool state = repeats.state == v1::Trial::STATE_UNSPECIFIED ||
                     (IsFinal(repeats.state) && repeats.state != v1::Trial::PRUNED);
  const bool mean = repeats.mean || repeats.state != v1::Trial::COMPLETED;
  if ((!row.repeat_of || (*row.repeat_of >= 0 && *row.repeat_of <= row.number)) &&
      (!row.repeats || first) && repeats.completed >= 0 && IsFinite(repeats.mean) &&
      IsFinite(repeats.standard_error) && repeats.standard_error.value_or(0) >= 0 && state &&
      mean) {
    return absl::OkStatus();
  }
  return Invalid(absl::StrCat("trial ", row.id, ": repeat_of, or what its repeats came to"));
}

// What may not change once a trial is there, and once it is final.
absl::Status CheckUpdate(const TrialRow& before, const TrialRow& row) {
  if (before.study_id != row.study_id || before.number != row.number) {
    return Invalid(absl::StrCat("trial ", row.id, ": its study and number never change"));
  }
  if (IsFinal(before.state) &&
      (before.state != row.state || before.objective != row.objective ||
       before.objective_step != row.objective_step || before.feasible != row.feasible)) {
    return Invalid(absl::StrCat("trial ", row.id, " is final (",
                                v1::Trial::State_Name(before.state),
                                "): its state, objective and feasibility never change"));
  }
  if ((IsFinal(before.state) || !before.outcome.empty()) && !AreSame(before.outcome, row.outcome)) {
    return Invalid(absl::StrCat("trial ", row.id,
                                ": an outcome never changes, nor comes to a trial that is final"));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<AttemptRow> MemoryTables::AttemptsOf(int64_t trial_id) const {
  std::vector<AttemptRow> rows;
  for (auto it = attempts.lower_bound({trial_id, 0});
       it != attempts.end() && it->first.first == trial_id; ++it) {
    rows.push_back(it->second);
  }
  return rows;
}

MemoryTransaction::~MemoryTransaction() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
}

void MemoryTransaction::Commit() {
  tables_.commit = commit_;
  undo_.clear();
}

absl::Status MemoryTransaction::Write(const StudyRow& row) {
  const std::string& name = row.definition.name();
  if (row.id < 1 || name.empty() || row.state == v1::Study::STATE_UNSPECIFIED ||
      vocabulary::FirstObjective(row.definition).goal() == v1::Objective::GOAL_UNSPECIFIED ||
      vocabulary::FirstObjective(row.definition).metric().empty()) {
    return Invalid(absl::StrCat("study ", row.id, " '", name,
                                "': id, name, state, objective.metric or objective.goal missing"));
  }
  const auto named = tables_.study_names.find(name);
  const bool taken = named != tables_.study_names.end() && named->second != row.id;
  if (!row.deleted && taken) {
    return Invalid(absl::StrCat("study ", row.id, ": name '", name, "' is taken"));
  }
  const auto before = tables_.studies.find(row.id);
  if (before != tables_.studies.end() && !before->second.deleted) {
    Erase(tables_.study_names, tables_.study_names.find(before->second.definition.name()));
  }
  if (!row.deleted) Put(tables_.study_names, name, row.id);
  Put(tables_.studies, row.id, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const TrialRow& row) {
  if (row.id < 1 || row.number < 0 || row.state == v1::Trial::STATE_UNSPECIFIED ||
      row.lost_leases < 0 || row.fruitless < 0 ||
      (row.objective.has_value() && !std::isfinite(*row.objective))) {
    return Invalid(
        absl::StrCat("trial ", row.id, ": id, number, state, lost_leases, fruitless or objective"));
  }
  if (!tables_.studies.contains(row.study_id)) {
    return Invalid(absl::StrCat("trial ", row.id, ": there is no study ", row.study_id));
  }
  if (absl::Status status = CheckParameters(row); !status.ok()) return status;
  if (absl::Status status = CheckRepeats(row); !status.ok()) return status;
  if (row.outcome.contains("")) {
    return Invalid(absl::StrCat("trial ", row.id, ": a metric of its outcome has no name"));
  }
  const auto before = tables_.trials.find(row.id);
  if (before != tables_.trials.end()) {
    if (absl::Status status = CheckUpdate(before->second.row, row); !status.ok()) return status;
  } else if (tables_.trial_ids.contains({row.study_id, row.number})) {
    return Invalid(absl::StrCat("trial ", row.id, ": study ", row.study_id, " has a number ",
                                row.number, " already"));
  }
  Put(tables_.trial_ids, {row.study_id, row.number}, row.id);
  Put(tables_.trials, row.id, {row, commit_});
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const AttemptRow& row) {
  if (row.number < 1 || row.token_epoch < 1 || row.token_counter < 1) {
    return Invalid(absl::StrCat("attempt ", row.number, " of trial ", row.trial_id,
                                ": number and token start at 1"));
  }
  if (row.parent_attempt < 0 || row.parent_attempt >= row.number || row.resumed_from_step < 0) {
    return Invalid(absl::StrCat("attempt ", row.number, " of trial ", row.trial_id, ": parent ",
                                row.parent_attempt, ", resumed from step ", row.resumed_from_step));
  }
  if (!tables_.trials.contains(row.trial_id)) {
    return Invalid(absl::StrCat("attempt ", row.number, ": there is no trial ", row.trial_id));
  }
  const std::pair<int64_t, int32_t> key(row.trial_id, row.number);
  const std::pair<int64_t, int64_t> token(row.token_epoch, row.token_counter);
  const auto holder = tables_.tokens.find(token);
  if (holder != tables_.tokens.end() && holder->second != key) {
    return Invalid(absl::StrCat("attempt ", row.number, " of trial ", row.trial_id, ": token (",
                                row.token_epoch, ", ", row.token_counter, ") is taken"));
  }
  const auto before = tables_.attempts.find(key);
  if (before != tables_.attempts.end()) {
    Erase(tables_.tokens,
          tables_.tokens.find({before->second.token_epoch, before->second.token_counter}));
  }
  Put(tables_.tokens, token, key);
  Put(tables_.attempts, key, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const MeasurementRow& row) {
  if (row.metric.empty() || row.step < 0 ||
      !tables_.attempts.contains({row.trial_id, row.attempt})) {
    return Invalid(absl::StrCat("measurement of trial ", row.trial_id, ", attempt ", row.attempt,
                                ", metric '", row.metric, "', step ", row.step));
  }
  const auto key = std::make_tuple(row.trial_id, row.attempt, row.metric, row.step);
  if (tables_.measurements.contains(key)) return absl::OkStatus();
  MeasurementRow written = row;
  written.at = {commit_, position_};
  Put(tables_.measurements, key, std::move(written));
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const LateMeasurementRow& row) {
  if (row.metric.empty() || row.step < 0 || !tables_.trials.contains(row.trial_id)) {
    return Invalid(absl::StrCat("late measurement of trial ", row.trial_id, ", metric '",
                                row.metric, "', step ", row.step));
  }
  Put(tables_.late_measurements, {row.trial_id, row.token_counter, row.metric, row.step}, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const ArtifactRow& row) {
  if (row.kind == v1::Artifact::KIND_UNSPECIFIED || row.step < 0 || row.size < 0 ||
      row.file.empty() || !tables_.attempts.contains({row.trial_id, row.attempt})) {
    return Invalid(absl::StrCat("artifact '", row.file, "' of trial ", row.trial_id, ", attempt ",
                                row.attempt));
  }
  Put(tables_.artifacts, {row.trial_id, row.attempt, row.kind, row.step}, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const EraseArtifact& key) {
  const auto it = tables_.artifacts.find({key.trial_id, key.attempt, key.kind, key.step});
  if (it != tables_.artifacts.end()) Erase(tables_.artifacts, it);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const PrunerDecisionRow& row) {
  if (row.decision == v1::PrunerDecision::DECISION_UNSPECIFIED || row.step < 1 ||
      !tables_.trials.contains(row.trial_id)) {
    return Invalid(absl::StrCat("pruner decision on trial ", row.trial_id, ", step ", row.step));
  }
  PrunerDecisionRow written = row;
  written.at = {commit_, position_};
  Put(tables_.pruner_decisions, {row.trial_id, row.step, row.decision}, std::move(written));
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const EvaluationRow& row) {
  const auto trial = tables_.trials.find(row.trial_id);
  if (row.state == v1::TestEvaluation::STATE_UNSPECIFIED || row.lost_leases < 0 ||
      trial == tables_.trials.end() || trial->second.row.study_id != row.study_id) {
    return Invalid(absl::StrCat("evaluation of study ", row.study_id, ", trial ", row.trial_id));
  }
  for (const v1::ClassResult& result : row.classes) {
    if (!IsShare(result.precision()) || !IsShare(result.recall()) || !IsShare(result.f1()) ||
        result.examples() < 0) {
      return Invalid(
          absl::StrCat("evaluation of study ", row.study_id, ", class '", result.name(), "'"));
    }
  }
  Put(tables_.evaluations, row.study_id, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const WorkerRow& row) {
  if (row.id.empty() || row.slots < 0) {
    return Invalid(absl::StrCat("worker '", row.id, "' with ", row.slots, " slots"));
  }
  Put(tables_.workers, row.id, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const EraseWorker& key) {
  if (const auto it = tables_.workers.find(key.id); it != tables_.workers.end()) {
    Erase(tables_.workers, it);
  }
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const RequestRow& row) {
  if (row.client_id.empty()) return Invalid("request without client id");
  Put(tables_.requests, {row.client_id, row.sequence}, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const ForgetRequests& forget) {
  std::set<std::tuple<int64_t, std::string, int64_t>> old;
  for (const auto& [key, row] : tables_.requests) {
    if (row.time != 0 && row.time < forget.before) old.emplace(row.time, key.first, key.second);
  }
  int32_t left = forget.limit;
  for (const auto& [time, client_id, sequence] : old) {
    if (left-- <= 0) break;
    Erase(tables_.requests, tables_.requests.find({client_id, sequence}));
    const auto known = tables_.forgotten_requests.find(client_id);
    if (known == tables_.forgotten_requests.end() || known->second < sequence) {
      Put(tables_.forgotten_requests, client_id, sequence);
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const CountersRow& row) {
  const CountersRow before = tables_.counters;
  if (row.next_study_id < before.next_study_id || row.next_trial_id < before.next_trial_id ||
      row.next_token_counter < before.next_token_counter) {
    return Invalid("counters never run backwards");
  }
  undo_.push_back([this, before] { tables_.counters = before; });
  tables_.counters = row;
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const WarmStartTrialRow& row) {
  if (absl::Status status = Check(row); !status.ok()) return status;
  if (!tables_.studies.contains(row.study_id)) {
    return Invalid(absl::StrCat("warm_start trial: there is no study ", row.study_id));
  }
  Put(tables_.warm_start_trials, {row.study_id, row.source, row.number}, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const StudyRevisionRow& row) {
  const std::pair<int64_t, int32_t> key(row.study_id, row.revision);
  if (row.revision < 1 || row.first_trial < 0 || !tables_.studies.contains(row.study_id) ||
      tables_.study_revisions.contains(key)) {
    return Invalid(absl::StrCat("revision ", row.revision, " of study ", row.study_id));
  }
  StudyRevisionRow written = row;
  written.at = {commit_, position_};
  Put(tables_.study_revisions, key, std::move(written));
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const StudyActivationRow& row) {
  if (row.final_trials < 0 || !tables_.studies.contains(row.study_id)) {
    return Invalid(absl::StrCat("activation of study ", row.study_id));
  }
  Put(tables_.study_activations, row.study_id, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const StudyEndRow& row) {
  if (row.study_id < 1 || row.revision < 1) {
    return Invalid(absl::StrCat("end of study ", row.study_id, ", revision ", row.revision));
  }
  Put(tables_.study_ends, {row.study_id, row.revision}, row);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const EraseStudyEnd& key) {
  const auto it = tables_.study_ends.find({key.study_id, key.revision});
  if (it != tables_.study_ends.end()) Erase(tables_.study_ends, it);
  return absl::OkStatus();
}

absl::Status MemoryTransaction::Write(const EraseStudyChunk& chunk) {
  const auto study = tables_.studies.find(chunk.study_id);
  if (study == tables_.studies.end()) return absl::OkStatus();
  if (!study->second.deleted) {
    return Invalid(absl::StrCat("study ", chunk.study_id, " cannot be erased: it is not deleted"));
  }
  int budget = kEraseRows;
  if (const auto it = tables_.evaluations.find(chunk.study_id); it != tables_.evaluations.end()) {
    Erase(tables_.evaluations, it);
    --budget;
  }
  if (const auto it = tables_.study_activations.find(chunk.study_id);
      it != tables_.study_activations.end()) {
    Erase(tables_.study_activations, it);
    --budget;
  }
  EraseOf(tables_.warm_start_trials, tables_.warm_start_trials.lower_bound({chunk.study_id, 0, 0}),
          chunk.study_id, &budget);
  EraseOf(tables_.study_revisions, tables_.study_revisions.lower_bound({chunk.study_id, 0}),
          chunk.study_id, &budget);
  while (budget > 0) {
    const auto number = tables_.trial_ids.lower_bound({chunk.study_id, 0});
    if (number == tables_.trial_ids.end() || number->first.first != chunk.study_id) {
      Erase(tables_.studies, study);
      return absl::OkStatus();
    }
    const int64_t id = number->second;
    EraseOf(tables_.measurements, tables_.measurements.lower_bound({id, 0, "", kLowest}), id,
            &budget);
    EraseOf(tables_.late_measurements,
            tables_.late_measurements.lower_bound({id, kLowest, "", kLowest}), id, &budget);
    EraseOf(tables_.artifacts, tables_.artifacts.lower_bound({id, 0, 0, kLowest}), id, &budget);
    EraseOf(tables_.pruner_decisions, tables_.pruner_decisions.lower_bound({id, kLowest, 0}), id,
            &budget);
    for (auto it = tables_.attempts.lower_bound({id, 0});
         budget > 0 && it != tables_.attempts.end() && it->first.first == id; --budget) {
      Erase(tables_.tokens,
            tables_.tokens.find({it->second.token_epoch, it->second.token_counter}));
      it = Erase(tables_.attempts, it);
    }
    if (budget == 0) return absl::OkStatus();
    Erase(tables_.trials, tables_.trials.find(id));
    Erase(tables_.trial_ids, number);
    --budget;
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
