// Trials that end early, pause and go on, as the pruner says.
#include <algorithm>
#include <utility>

#include "server/coordinator/core.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

v1::PrunerDecision::Decision ToDecision(pruning::Act act) {
  switch (act) {
    case pruning::Act::kContinue:
      return v1::PrunerDecision::CONTINUE;
    case pruning::Act::kStop:
      return v1::PrunerDecision::STOP;
    case pruning::Act::kPause:
      return v1::PrunerDecision::PAUSE;
    case pruning::Act::kPromote:
      return v1::PrunerDecision::PROMOTE;
  }
  return v1::PrunerDecision::DECISION_UNSPECIFIED;
}

pruning::Act ToAct(v1::PrunerDecision::Decision decision) {
  switch (decision) {
    case v1::PrunerDecision::STOP:
      return pruning::Act::kStop;
    case v1::PrunerDecision::PAUSE:
      return pruning::Act::kPause;
    case v1::PrunerDecision::PROMOTE:
      return pruning::Act::kPromote;
    default:
      return pruning::Act::kContinue;
  }
}

}  // namespace

absl::Status Core::RestorePruner(StudyState& study) {
  const std::string& metric = study.row.definition.objective().metric();
  for (const TrialState& trial : study.trials) {
    if (!trial.attempt) continue;
    const auto values = deps_.store.ReadCurve(trial.row.id, trial.attempt->number, metric);
    if (!values.ok()) return values.status();
    for (const auto& [step, value] : *values) {
      study.pruner->Measure(trial.row.number, step, Loss(study, value));
    }
    if (trial.row.state == v1::Trial::COMPLETED) {
      study.pruner->Complete(trial.row.number, Loss(study, *trial.row.objective));
    }
  }
  for (TrialState& trial : study.trials) {
    for (const storage::PrunerDecisionRow& row : trial.decisions) {
      study.pruner->Restore(trial.row.number, row.step, ToAct(row.decision));
    }
    const bool open =
        trial.row.state == v1::Trial::RUNNING || trial.row.state == v1::Trial::WAITING;
    if (open && !trial.decisions.empty() &&
        trial.decisions.back().decision == v1::PrunerDecision::PAUSE) {
      trial.pausing = trial.decisions.back().step;
    }
  }
  return absl::OkStatus();
}

void Core::StoreDecision(TrialState& trial, const pruning::Verdict& verdict) {
  trial.decisions.push_back(
      {trial.row.id, verdict.step, ToDecision(verdict.act), verdict.reason, WallMicros()});
  batch_.push_back(trial.decisions.back());
}

v1::Directive Core::Prune(StudyState& study, TrialState& trial) {
  if (!study.pruner) return v1::DIRECTIVE_CONTINUE;
  const pruning::Verdict verdict = study.pruner->Decide(trial.row.number);
  if (verdict.step > 0) StoreDecision(trial, verdict);
  if (verdict.act == pruning::Act::kStop) {
    CloseAttempt(trial, v1::Attempt::PRUNED, verdict.reason);
    MoveTrial(study, trial, v1::Trial::PRUNED, verdict.reason);
    return v1::DIRECTIVE_STOP;
  }
  if (verdict.act == pruning::Act::kPause) trial.pausing = verdict.step;
  // Again where the first word was lost, or another worker trained it up to there once more.
  return trial.pausing && trial.row.last_step >= trial.pausing ? v1::DIRECTIVE_PAUSE
                                                               : v1::DIRECTIVE_CONTINUE;
}

bool Core::Pause(StudyState& study, TrialState& trial) {
  const storage::ArtifactRow* checkpoint = trial.Newest(v1::Artifact::CHECKPOINT);
  if (!trial.pausing || checkpoint == nullptr || checkpoint->step < *trial.pausing) return false;
  const std::string reason = trial.decisions.back().reason;
  CloseAttempt(trial, v1::Attempt::PAUSED, reason);
  MoveTrial(study, trial, v1::Trial::PAUSED, reason);
  trial.pausing.reset();
  return true;
}

bool Core::Promote(StudyState& study, bool in_any_case) {
  const auto promotion = study.pruner->Promote(study.paused, in_any_case);
  if (!promotion) return false;
  TrialState& trial = study.trials[static_cast<size_t>(promotion->number)];
  StoreDecision(trial, promotion->verdict);
  MoveTrial(study, trial, v1::Trial::WAITING, promotion->verdict.reason);
  return true;
}

void Core::PromoteFor(StudyState& study, size_t callers) {
  if (!study.pruner || study.paused.empty() || !HasRoom(study)) return;
  const v1::Limits& limits = study.row.definition.limits();
  if (limits.has_parallel()) {
    callers = std::min(callers, static_cast<size_t>(limits.parallel() - study.counts.running()));
  }
  while (study.waiting.size() < callers && Promote(study, false)) {
  }
}

bool Core::GoesOnByPromotion(StudyState& study) {
  if (study.paused.empty()) return false;
  // It would be ended with trials that a person may still let go on.
  if (study.row.state != v1::Study::ACTIVE) return true;
  if (Promote(study, false)) return true;
  // A study whose rungs were never full enough still trains one configuration to its end.
  return !study.best && Promote(study, true);
}

}  // namespace caviar::coordinator
