#include "server/coordinator/study_replay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

std::string Text(v1::PrunerDecision::Decision decision, int64_t step, const std::string& reason) {
  return absl::StrCat(v1::PrunerDecision::Decision_Name(decision), " at step ", step, " (", reason,
                      ")");
}

std::string Text(const pruning::Verdict& verdict) {
  return Text(ToDecision(verdict.act), verdict.step, verdict.reason);
}

// The coordinator's own word, after pauses that failed, is none of the pruner's.
bool IsOverruled(const storage::PrunerDecisionRow& row,
                 const std::vector<storage::PrunerDecisionRow>& all) {
  return row.decision == v1::PrunerDecision::CONTINUE &&
         std::any_of(all.begin(), all.end(), [&row](const auto& other) {
           return other.decision == v1::PrunerDecision::PAUSE && other.step == row.step;
         });
}

}  // namespace

StudyReplay::StudyReplay(StudyState study, std::vector<storage::StudyRevisionRow> revisions,
                         OnDecision on_decision)
    : study_(std::move(study)),
      revisions_(std::move(revisions)),
      on_decision_(std::move(on_decision)) {
  for (size_t i = 0; i < revisions_.size(); ++i) {
    const v1::Study& definition = revisions_[i].definition;
    has_pruner_ = has_pruner_ || pruning::MakePruner(definition) != nullptr;
    if (i == 0 || HaveSamePruner(revisions_[i - 1].definition, definition)) continue;
    ++pruners_to_come_;
    events_.push({revisions_[i].at, static_cast<int32_t>(i), Kind::kRevision});
  }
}

absl::Status StudyReplay::UseRevision(int32_t revision) {
  if (revision == revision_) return absl::OkStatus();
  for (const storage::StudyRevisionRow& row : revisions_) {
    if (row.revision != revision) continue;
    auto sampler = sampling::MakeSampler(row.definition.sampler());
    if (!sampler.ok()) return sampler.status();
    study_.sampler = *std::move(sampler);
    study_.row.definition = row.definition;
    revision_ = revision;
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("study ", study_.row.definition.name(), ": revision ", revision, " is missing"));
}

absl::Status StudyReplay::Add(StoredTrial trial) {
  auto point = study_.space->ToPoint(trial.row.parameters);
  if (!point.ok()) {
    return absl::DataLossError(absl::StrCat("study ", study_.row.definition.name(), ", trial ",
                                            trial.row.number, ": ",
                                            std::string(point.status().message())));
  }
  const int32_t number = trial.row.number;
  if (has_pruner_) AddPruning(trial);
  if (trial.row.final_at.commit > 0) events_.push({trial.row.final_at, number, Kind::kFinal});
  if (IsKnown(trial.row.origin)) ++study_.known_made;
  TrialState state;
  state.row = std::move(trial.row);
  state.point = *std::move(point);
  PlaceTrial(study_, std::move(state));
  final_trials_.resize(study_.configurations.size());
  return absl::OkStatus();
}

void StudyReplay::AddPruning(const StoredTrial& trial) {
  const int32_t number = trial.row.number;
  const auto& attempts = trial.attempts;
  for (const storage::AttemptRow& attempt : attempts) {
    if (attempt.number > 1) {
      const int64_t last = attempt.parent_attempt > 0 ? attempt.resumed_from_step : -1;
      events_.push({attempt.start_at, number, Kind::kRewind, last});
    }
    if (attempt.outcome == v1::Attempt::PAUSED) {
      events_.push({attempt.end_at, number, Kind::kPause});
    }
  }
  for (const storage::MeasurementRow& row : trial.measurements) {
    const auto index = static_cast<size_t>(row.attempt) - 1;
    // Of an attempt that began after it was read.
    if (index >= attempts.size()) continue;
    // Up to the step that it resumed from, the curve is the parent's.
    if (attempts[index].parent_attempt > 0 && row.step <= attempts[index].resumed_from_step) {
      continue;
    }
    events_.push({row.at, number, Kind::kMeasure, row.step, Loss(study_, row.value)});
  }
  for (size_t i = 0; i < trial.decisions.size(); ++i) {
    const storage::PrunerDecisionRow& row = trial.decisions[i];
    if (IsOverruled(row, trial.decisions)) continue;
    events_.push({row.at, number, Kind::kDecision, row.step, 0, i});
  }
  stored_[number] = trial.decisions;
}

void StudyReplay::AdvanceTo(int64_t commit) {
  while (!events_.empty() && events_.top().at.commit <= commit) {
    const Event event = events_.top();
    events_.pop();
    EndReport(&event);
    Take(event);
  }
  EndReport(nullptr);
}

void StudyReplay::Take(const Event& event) {
  if (event.kind == Kind::kRevision) {
    return ChangePruner(revisions_[static_cast<size_t>(event.number)]);
  }
  if (event.kind != Kind::kDecision) Miss(event.number);
  if (pruners_to_come_ > 0) Remember(event);
  if (!study_.pruner && event.kind != Kind::kDecision && event.kind != Kind::kFinal) return;
  switch (event.kind) {
    case Kind::kRevision:
      return;
    case Kind::kRewind:
      return study_.pruner->Rewind(event.number, event.step);
    case Kind::kMeasure:
      study_.pruner->Measure(event.number, event.step, event.loss);
      measured_ = event;
      return;
    case Kind::kDecision:
      return Decide(event);
    case Kind::kPause:
      return study_.pruner->Pause(event.number);
    case Kind::kFinal:
      return Finish(event);
  }
}

void StudyReplay::Remember(const Event& event) {
  switch (event.kind) {
    case Kind::kRewind: {
      auto& curve = curves_[event.number];
      curve.erase(curve.upper_bound(event.step), curve.end());
      return;
    }
    case Kind::kMeasure:
      curves_[event.number].emplace(event.step, event.loss);
      return;
    case Kind::kDecision:
      decided_.emplace_back(event.number, event.step);
      return;
    case Kind::kFinal: {
      const storage::TrialRow& row = study_.trials[static_cast<size_t>(event.number)].row;
      if (row.state == v1::Trial::COMPLETED && row.objective) {
        completed_[event.number] = Loss(study_, *row.objective);
      }
      return;
    }
    default:
      return;
  }
}

void StudyReplay::ChangePruner(const storage::StudyRevisionRow& revision) {
  study_.pruner = pruning::MakePruner(revision.definition);
  if (study_.pruner) {
    for (const auto& [number, curve] : curves_) {
      for (const auto& [step, loss] : curve) study_.pruner->Measure(number, step, loss);
      const auto completed = completed_.find(number);
      if (completed != completed_.end()) study_.pruner->Complete(number, completed->second);
    }
    for (const auto& [number, step] : decided_) study_.pruner->Restore(number, step);
  }
  computed_.clear();
  RefreshRungs(study_);
  if (--pruners_to_come_ > 0) return;
  curves_.clear();
  completed_.clear();
  decided_.clear();
}

void StudyReplay::EndReport(const Event* next) {
  if (!measured_) return;
  const bool same = next != nullptr && next->number == measured_->number &&
                    next->at.commit == measured_->at.commit;
  if (same && next->kind == Kind::kMeasure) return;
  const int32_t number = measured_->number;
  measured_.reset();
  // A result that is told is measured, too, and nobody asks the pruner.
  if (same && next->kind == Kind::kFinal) return;
  if (!study_.pruner) return;
  for (const pruning::Verdict& verdict : study_.pruner->Decide(number)) {
    computed_[number].push_back(Text(verdict));
  }
}

void StudyReplay::Decide(const Event& event) {
  const storage::PrunerDecisionRow& row = stored_.at(event.number)[event.decision];
  const std::string stored = Text(row.decision, row.step, row.reason);
  if (row.decision == v1::PrunerDecision::PROMOTE) return Promote(event, stored);
  std::deque<std::string>& computed = computed_[event.number];
  // A report of other metrics than the objective's: what others came to may tell now.
  if (computed.empty() && study_.pruner) {
    for (const pruning::Verdict& verdict : study_.pruner->Decide(event.number)) {
      computed.push_back(Text(verdict));
    }
  }
  std::string again;
  if (!computed.empty()) {
    again = std::move(computed.front());
    computed.pop_front();
  }
  on_decision_(event.number, stored, again);
}

void StudyReplay::Promote(const Event& event, const std::string& stored) {
  Miss(event.number);
  std::optional<pruning::Promotion> promotion;
  if (study_.pruner) promotion = study_.pruner->Promote(/*in_any_case=*/false);
  if (study_.pruner && !promotion) promotion = study_.pruner->Promote(/*in_any_case=*/true);
  std::string computed;
  if (promotion) {
    computed = Text(promotion->verdict);
    if (promotion->number != event.number) {
      absl::StrAppend(&computed, " of trial ", promotion->number);
    }
  }
  on_decision_(event.number, stored, computed);
}

void StudyReplay::Miss(int32_t number) {
  const auto computed = computed_.find(number);
  if (computed == computed_.end()) return;
  for (const std::string& text : computed->second) on_decision_(number, "", text);
  computed_.erase(computed);
}

void StudyReplay::Finish(const Event& event) {
  const TrialState& trial = study_.trials[static_cast<size_t>(event.number)];
  if (study_.pruner && trial.row.state == v1::Trial::COMPLETED && trial.row.objective) {
    study_.pruner->Complete(event.number, Loss(study_, *trial.row.objective));
  }
  if (study_.pruner) study_.pruner->End(event.number);
  const int32_t index = trial.configuration;
  const auto& trials = study_.configurations[static_cast<size_t>(index)].trials;
  const int32_t final = ++final_trials_[static_cast<size_t>(index)];
  if (final < RepeatsOf(study_.row.definition)) return;
  Observe(study_, index);
  // The observation is all that is read of them from now on.
  for (const int32_t number : trials) {
    storage::TrialRow& row = study_.trials[static_cast<size_t>(number)].row;
    row.parameters.clear();
    row.outcome.clear();
    row.message.clear();
    row.numerics_fingerprint.clear();
  }
}

}  // namespace caviar::coordinator
