// What is handed out next: suggestions that are made ahead, and how fresh they are.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "server/coordinator/core.h"
#include "server/coordinator/known_trials.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

// A worker waits for a suggestion that knows the newest results for this share of what a trial
// takes, and at least so long.
constexpr double kPatienceShare = 0.01;
constexpr absl::Duration kLeastPatience = absl::Milliseconds(20);
// Of how many trials, the last ones, the median is taken.
constexpr size_t kTimedTrials = 64;

// The median time from a trial's start to its end.
absl::Duration MedianTrialTime(const StudyState& study) {
  std::vector<int64_t> times;
  for (size_t i = study.history.size(); i-- > 0 && times.size() < kTimedTrials;) {
    const auto index = static_cast<size_t>(study.history[i].number);
    const int32_t number = study.configurations[index].trials.back();
    const storage::TrialRow& row = study.trials[static_cast<size_t>(number)].row;
    if (row.start_time > 0) times.push_back(row.end_time - row.start_time);
  }
  if (times.empty()) return absl::ZeroDuration();
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return absl::Microseconds(*middle);
}

// Those that the study names come first, and are what they are.
bool IsKnown(const StudyState& study, int32_t index) {
  return index < study.row.definition.trials_size();
}

bool IsFresh(const StudyState& study, int32_t index, const Suggestion& suggestion) {
  return IsKnown(study, index) || !study.sampler->UsesHistory() ||
         suggestion.seen == study.history.size();
}

// A finite space's configurations are tried once each, whoever draws them.
bool NeedsHistory(const StudyState& study) {
  return study.sampler->UsesHistory() || std::isfinite(study.space->model().configurations());
}

}  // namespace

absl::Duration Core::Patience(const StudyState& study) {
  // One after the other, each knows all before it: such a study repeats exactly.
  if (study.row.definition.limits().parallel() == 1) return absl::InfiniteDuration();
  return std::max(kLeastPatience, kPatienceShare * MedianTrialTime(study));
}

std::optional<int32_t> Core::NextTrial(StudyState& study) {
  if (!study.waiting.empty()) return *study.waiting.begin();
  const auto next = static_cast<int32_t>(study.trials.size());
  if (!study.to_repeat.empty()) return next;
  if (AllHandedOut(study)) return std::nullopt;
  const auto index = static_cast<int32_t>(study.configurations.size());
  const auto ready = study.ready.find(index);
  if (ready == study.ready.end()) return std::nullopt;
  if (IsFresh(study, index, ready->second)) return next;
  const absl::Duration now = deps_.clock.Steady();
  if (!study.waiting_for_fresh) study.waiting_for_fresh = now;
  if (now - *study.waiting_for_fresh >= Patience(study)) return next;
  return std::nullopt;
}

void Core::RequestSuggestions(StudyState& study, int wanted) {
  const v1::Limits& limits = study.row.definition.limits();
  const auto next = static_cast<int32_t>(study.configurations.size());
  int32_t end = next + wanted;
  if (NeedsHistory(study)) end = std::min(end, next + 1);
  if (limits.has_max_trials()) end = std::min(end, limits.max_trials());
  if (limits.has_parallel()) end = std::min(end, next + limits.parallel());
  if (study.exhausted) return;
  for (int32_t index = next; index < end; ++index) {
    const auto ready = study.ready.find(index);
    if (ready != study.ready.end() && IsFresh(study, index, ready->second)) continue;
    if (IsKnown(study, index)) {
      study.ready[index] = {
          ToConfiguration(study.row.definition, study.row.definition.trials(index)), state_.commit,
          study.history.size()};
      continue;
    }
    if (study.requested.insert(index).second) RequestSuggestion(study, index);
  }
}

void Core::RequestSuggestion(const StudyState& study, int32_t index) {
  const v1::Limits& limits = study.row.definition.limits();
  SuggestionTask task{study.space, study.sampler, {}};
  task.input.seed = study.row.definition.sampler().seed();
  task.input.number = index;
  task.input.warm_start = study.warm_start;
  if (limits.has_max_trials()) task.input.max_trials = limits.max_trials();
  if (limits.has_parallel()) task.input.parallel = limits.parallel();
  if (NeedsHistory(study)) {
    task.input.history = study.history;
    for (const int32_t open : study.pending) {
      const int32_t first = study.configurations[static_cast<size_t>(open)].trials.front();
      task.input.pending.push_back({study.trials[static_cast<size_t>(first)].point, {}});
      if (study.pruner) task.input.pending.back().rungs = study.pruner->RungValues(first);
    }
  }
  // What this batch has decided is in the history already.
  const int64_t commit = state_.commit + (batch_.empty() ? 0 : 1);
  const auto deliver = [this, id = study.row.id, index, commit, seen = study.history.size(),
                        generation = generation_](MaybeConfiguration configuration) {
    Command command;
    command.decide = [id, index, commit, seen, generation, configuration](Core& core) {
      if (generation != core.generation_) return;
      core.TakeSuggestion(id, index, configuration, commit, seen);
    };
    command.answer = [](const absl::Status&) {};
    deps_.post(std::move(command));
  };
  deps_.suggester.Compute(std::move(task), deliver);
}

void Core::TakeSuggestion(int64_t study_id, int32_t index, const MaybeConfiguration& configuration,
                          int64_t commit, size_t seen) {
  const auto found = state_.studies.find(study_id);
  if (found == state_.studies.end()) return;
  StudyState& study = found->second;
  // Not asked for: by a state that a failed commit threw away.
  if (study.requested.erase(index) == 0) return;
  if (index < static_cast<int32_t>(study.configurations.size())) return;
  if (!configuration) {
    study.exhausted = true;
    study.ready.erase(index);
    dirty_.insert(study_id);
    return;
  }
  study.ready[index] = {*configuration, commit, seen};
  if (seen == study.history.size()) study.waiting_for_fresh.reset();
}

int32_t Core::NewTrial(StudyState& study) {
  const auto number = static_cast<int32_t>(study.trials.size());
  TrialState trial;
  if (!study.to_repeat.empty()) {
    const size_t index = static_cast<size_t>(*study.to_repeat.begin());
    const TrialState& first =
        study.trials[static_cast<size_t>(study.configurations[index].trials.front())];
    trial.row.parameters = first.row.parameters;
    trial.row.suggestion_commit = first.row.suggestion_commit;
    trial.row.repeat_of = first.row.number;
    trial.point = first.point;
  } else {
    TakeReady(study, trial);
    if (RepeatsOf(study.row.definition) > 1) trial.row.repeat_of = number;
  }
  trial.row.id = state_.counters.next_trial_id++;
  trial.row.study_id = study.row.id;
  trial.row.number = number;
  trial.row.state = v1::Trial::WAITING;
  trial.row.create_time = WallMicros();
  Count(study.counts, v1::Trial::WAITING, 1);
  study.waiting.insert(number);
  PlaceTrial(study, std::move(trial));
  return number;
}

void Core::TakeReady(StudyState& study, TrialState& trial) {
  const auto ready = study.ready.find(static_cast<int32_t>(study.configurations.size()));
  trial.row.parameters = std::move(ready->second.configuration);
  trial.row.suggestion_commit = ready->second.commit;
  study.ready.erase(ready);
  study.waiting_for_fresh.reset();
  auto point = study.space->ToPoint(trial.row.parameters);
  GOOGLE_CHECK(point.ok()) << point.status().ToString();
  trial.point = *std::move(point);
}

bool Core::AllHandedOut(const StudyState& study) {
  const v1::Limits& limits = study.row.definition.limits();
  return limits.has_max_trials() && study.to_repeat.empty() &&
         static_cast<int32_t>(study.configurations.size()) >= limits.max_trials();
}

}  // namespace caviar::coordinator
