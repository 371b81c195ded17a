// What is handed out next: suggestions that are made ahead, and how fresh they are.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "server/coordinator/core.h"
#include "server/coordinator/known_trials.h"
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
    const storage::TrialRow& row = study.trials[static_cast<size_t>(study.history[i].number)].row;
    if (row.start_time > 0) times.push_back(row.end_time - row.start_time);
  }
  if (times.empty()) return absl::ZeroDuration();
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return absl::Microseconds(*middle);
}

// Those that the study names come first, and are what they are.
bool IsKnown(const StudyState& study, int32_t number) {
  return number < study.row.definition.trials_size();
}

bool IsFresh(const StudyState& study, int32_t number, const Suggestion& suggestion) {
  return IsKnown(study, number) || !study.sampler->UsesHistory() ||
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
  const v1::Limits& limits = study.row.definition.limits();
  const auto next = static_cast<int32_t>(study.trials.size());
  if (limits.has_max_trials() && next >= limits.max_trials()) return std::nullopt;
  const auto ready = study.ready.find(next);
  if (ready == study.ready.end()) return std::nullopt;
  if (IsFresh(study, next, ready->second)) return next;
  const absl::Duration now = deps_.clock.Steady();
  if (!study.waiting_for_fresh) study.waiting_for_fresh = now;
  if (now - *study.waiting_for_fresh >= Patience(study)) return next;
  return std::nullopt;
}

void Core::RequestSuggestions(StudyState& study, int wanted) {
  const v1::Limits& limits = study.row.definition.limits();
  const auto next = static_cast<int32_t>(study.trials.size());
  int32_t end = next + wanted;
  if (NeedsHistory(study)) end = std::min(end, next + 1);
  if (limits.has_max_trials()) end = std::min(end, limits.max_trials());
  if (limits.has_parallel()) end = std::min(end, next + limits.parallel());
  if (study.exhausted) return;
  for (int32_t number = next; number < end; ++number) {
    const auto ready = study.ready.find(number);
    if (ready != study.ready.end() && IsFresh(study, number, ready->second)) continue;
    if (IsKnown(study, number)) {
      study.ready[number] = {
          ToConfiguration(study.row.definition, study.row.definition.trials(number)), state_.commit,
          study.history.size()};
      continue;
    }
    if (study.requested.insert(number).second) RequestSuggestion(study, number);
  }
}

void Core::RequestSuggestion(const StudyState& study, int32_t number) {
  const v1::Limits& limits = study.row.definition.limits();
  SuggestionTask task{study.space, study.sampler, {}};
  task.input.seed = study.row.definition.sampler().seed();
  task.input.number = number;
  if (limits.has_max_trials()) task.input.max_trials = limits.max_trials();
  if (limits.has_parallel()) task.input.parallel = limits.parallel();
  if (NeedsHistory(study)) {
    task.input.history = study.history;
    std::vector<int32_t> pending(study.waiting.begin(), study.waiting.end());
    pending.insert(pending.end(), study.running.begin(), study.running.end());
    pending.insert(pending.end(), study.paused.begin(), study.paused.end());
    std::sort(pending.begin(), pending.end());
    for (const int32_t open : pending) {
      task.input.pending.push_back({study.trials[static_cast<size_t>(open)].point, {}});
      if (study.pruner) task.input.pending.back().rungs = study.pruner->RungValues(open);
    }
  }
  // What this batch has decided is in the history already.
  const int64_t commit = state_.commit + (batch_.empty() ? 0 : 1);
  const auto deliver = [this, id = study.row.id, number, commit, seen = study.history.size(),
                        generation = generation_](MaybeConfiguration configuration) {
    Command command;
    command.decide = [id, number, commit, seen, generation, configuration](Core& core) {
      if (generation != core.generation_) return;
      core.TakeSuggestion(id, number, configuration, commit, seen);
    };
    command.answer = [](const absl::Status&) {};
    deps_.post(std::move(command));
  };
  deps_.suggester.Compute(std::move(task), deliver);
}

void Core::TakeSuggestion(int64_t study_id, int32_t number, const MaybeConfiguration& configuration,
                          int64_t commit, size_t seen) {
  const auto found = state_.studies.find(study_id);
  if (found == state_.studies.end()) return;
  StudyState& study = found->second;
  // Not asked for: by a state that a failed commit threw away.
  if (study.requested.erase(number) == 0) return;
  if (number < static_cast<int32_t>(study.trials.size())) return;
  if (!configuration) {
    study.exhausted = true;
    study.ready.erase(number);
    dirty_.insert(study_id);
    return;
  }
  study.ready[number] = {*configuration, commit, seen};
  if (seen == study.history.size()) study.waiting_for_fresh.reset();
}

int32_t Core::NewTrial(StudyState& study) {
  const auto number = static_cast<int32_t>(study.trials.size());
  Suggestion suggestion = std::move(study.ready.at(number));
  study.ready.erase(number);
  study.waiting_for_fresh.reset();
  TrialState trial;
  trial.row.id = state_.counters.next_trial_id++;
  trial.row.study_id = study.row.id;
  trial.row.number = number;
  trial.row.state = v1::Trial::WAITING;
  trial.row.parameters = std::move(suggestion.configuration);
  trial.row.suggestion_commit = suggestion.commit;
  trial.row.create_time = WallMicros();
  auto point = study.space->ToPoint(trial.row.parameters);
  GOOGLE_CHECK(point.ok()) << point.status().ToString();
  trial.point = *std::move(point);
  Count(study.counts, v1::Trial::WAITING, 1);
  study.waiting.insert(number);
  study.trials.push_back(std::move(trial));
  return number;
}

}  // namespace caviar::coordinator
