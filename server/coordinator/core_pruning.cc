// Trials that end early, pause and go on, as the pruner says.
#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

// Given back without the checkpoint that a pause needs.
constexpr int kFailedPauses = 3;

// The step of a pause that was decided and not yet made good: by a promotion, or by a word to go on
// at that step or a later one. What another pruner decided before `since` does not count.
std::optional<int64_t> PauseToCome(const std::vector<storage::PrunerDecisionRow>& decisions,
                                   storage::Moment since) {
  std::optional<int64_t> pause;
  for (const storage::PrunerDecisionRow& row : decisions) {
    if (row.at < since) continue;
    if (row.decision == v1::PrunerDecision::PAUSE) pause = std::max(pause.value_or(0), row.step);
  }
  for (const storage::PrunerDecisionRow& row : decisions) {
    if (row.at >= since && row.decision != v1::PrunerDecision::PAUSE && pause && row.step >= *pause)
      return {};
  }
  return pause;
}

}  // namespace

absl::StatusOr<Curve> Core::ReadObjectiveCurve(const StudyState& study, const TrialState& trial,
                                               const BatchValues& batch) const {
  if (!IsFinal(trial.row.state)) return trial.objective_values;
  const std::string& metric = study.row.definition.objective().metric();
  const auto values = deps_.store.ReadCurve(trial.row.id, trial.attempt->number, metric);
  if (!values.ok()) return values.status();
  Curve curve(values->begin(), values->end());
  const auto [begin, end] = batch.equal_range(trial.row.id);
  for (auto row = begin; row != end; ++row) {
    const storage::MeasurementRow& value = *row->second;
    const bool on_curve =
        trial.attempt->parent_attempt == 0 || value.step > trial.attempt->resumed_from_step;
    if (value.attempt == trial.attempt->number && value.metric == metric && on_curve) {
      curve.emplace(value.step, value.value);
    }
  }
  return curve;
}

Core::BatchValues Core::ValuesOfBatch() const {
  BatchValues values;
  for (const storage::Change& change : batch_) {
    const auto* row = std::get_if<storage::MeasurementRow>(&change);
    if (row != nullptr) values.emplace(row->trial_id, row);
  }
  return values;
}

absl::Status Core::ShowPruner(const StudyState& study, const BatchValues& batch,
                              pruning::Pruner& pruner) const {
  for (const TrialState& trial : study.trials) {
    if (!trial.attempt) continue;
    const auto values = ReadObjectiveCurve(study, trial, batch);
    if (!values.ok()) return values.status();
    for (const auto& [step, value] : *values) {
      pruner.Measure(trial.row.number, step, Loss(study, value));
    }
    if (trial.row.state == v1::Trial::COMPLETED) {
      pruner.Complete(trial.row.number, Loss(study, *trial.row.objective));
    }
  }
  for (const TrialState& trial : study.trials) {
    for (const storage::PrunerDecisionRow& row : trial.decisions) {
      pruner.Restore(trial.row.number, row.step);
    }
  }
  return absl::OkStatus();
}

absl::Status Core::RestorePruner(StudyState& study) {
  if (const absl::Status shown = ShowPruner(study, {}, *study.pruner); !shown.ok()) return shown;
  for (TrialState& trial : study.trials) {
    const bool paused = trial.row.state == v1::Trial::PAUSED;
    if (paused && !study.released.contains(trial.row.number)) {
      study.pruner->Pause(trial.row.number);
    }
    const bool open =
        trial.row.state == v1::Trial::RUNNING || trial.row.state == v1::Trial::WAITING;
    if (open) trial.pausing = PauseToCome(trial.decisions, study.pruner_since);
  }
  return absl::OkStatus();
}

void Core::StoreDecision(TrialState& trial, const pruning::Verdict& verdict) {
  trial.decisions.push_back(
      {trial.row.id, verdict.step, ToDecision(verdict.act), verdict.reason, WallMicros(), Here()});
  batch_.push_back(trial.decisions.back());
}

v1::Directive Core::Prune(StudyState& study, TrialState& trial) {
  if (!study.pruner) return v1::DIRECTIVE_CONTINUE;
  pruning::Verdict last;
  for (pruning::Verdict& verdict : study.pruner->Decide(trial.row.number)) {
    StoreDecision(trial, verdict);
    last = std::move(verdict);
  }
  if (last.act == pruning::Act::kStop) {
    CloseAttempt(trial, v1::Attempt::PRUNED, last.reason);
    MoveTrial(study, trial, v1::Trial::PRUNED, last.reason);
    return v1::DIRECTIVE_STOP;
  }
  if (last.step > 0) trial.pausing = PauseToCome(trial.decisions, study.pruner_since);
  // Again where the first word was lost, or another worker trained it up to there once more.
  return trial.pausing && trial.row.last_step >= trial.pausing ? v1::DIRECTIVE_PAUSE
                                                               : v1::DIRECTIVE_CONTINUE;
}

bool Core::Pause(StudyState& study, TrialState& trial) {
  if (!trial.pausing) return false;
  const storage::ArtifactRow* checkpoint = trial.Newest(v1::Artifact::CHECKPOINT);
  if (checkpoint == nullptr || checkpoint->step < *trial.pausing) {
    // It would be trained up to there again and again.
    if (++trial.failed_pauses < kFailedPauses) return false;
    StoreDecision(trial,
                  {pruning::Act::kContinue, *trial.pausing,
                   absl::StrCat("step ", *trial.pausing, ": goes on, for ", trial.failed_pauses,
                                " times no checkpoint came to pause with")});
    trial.pausing.reset();
    return false;
  }
  const auto pause = std::find_if(
      trial.decisions.rbegin(), trial.decisions.rend(), [&](const storage::PrunerDecisionRow& row) {
        return row.decision == v1::PrunerDecision::PAUSE && row.step == *trial.pausing;
      });
  const std::string reason = pause == trial.decisions.rend() ? "" : pause->reason;
  CloseAttempt(trial, v1::Attempt::PAUSED, reason);
  MoveTrial(study, trial, v1::Trial::PAUSED, reason);
  study.pruner->Pause(trial.row.number);
  trial.pausing.reset();
  return true;
}

bool Core::Promote(StudyState& study, bool in_any_case) {
  if (!study.released.empty()) {
    TrialState& trial = study.trials[static_cast<size_t>(*study.released.begin())];
    MoveTrial(study, trial, v1::Trial::WAITING, "goes on: the study has another pruner now");
    return true;
  }
  if (!study.pruner) return false;
  const auto promotion = study.pruner->Promote(in_any_case);
  if (!promotion) return false;
  TrialState& trial = study.trials[static_cast<size_t>(promotion->number)];
  StoreDecision(trial, promotion->verdict);
  MoveTrial(study, trial, v1::Trial::WAITING, promotion->verdict.reason);
  return true;
}

void Core::PromoteFor(StudyState& study, size_t callers) {
  if (study.paused.empty() || !HasRoom(study)) return;
  // Nothing is written of the core's own accord while the disk is full.
  if (deps_.clock.Steady() < hold_until_) return;
  const v1::Limits& limits = study.row.definition.limits();
  if (limits.has_parallel()) {
    callers = std::min(callers, static_cast<size_t>(limits.parallel() - study.counts.running()));
  }
  while (study.waiting.size() < callers && Promote(study, false)) {
  }
}

bool Core::MayGoOnByPromotion(const StudyState& study) {
  if (study.paused.empty() || StepsAreUsedUp(study)) return false;
  // It would be ended with trials that a person may still let go on.
  if (study.row.state != v1::Study::ACTIVE || !study.released.empty()) return true;
  if (!study.pruner) return false;
  if (study.pruner->FindPromotion(false)) return true;
  // A study whose rungs were never full enough still trains one configuration to its end.
  return study.counts.completed() == 0 && study.pruner->FindPromotion(true).has_value();
}

void Core::GoOnByPromotion(StudyState& study) {
  const bool is_last =
      study.running.empty() && study.waiting.empty() && (NothingIsNew(study) || !MayGrow(study));
  if (study.row.state != v1::Study::ACTIVE || !is_last || !MayGoOnByPromotion(study)) return;
  if (!Promote(study, false)) Promote(study, true);
}

}  // namespace caviar::coordinator
