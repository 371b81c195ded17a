// What is handed out next: suggestions that are made ahead, how fresh they are, and what stands in
// for them.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/coordinator/core.h"
#include "server/coordinator/known_trials.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "server/coordinator/suggestion_input.h"
#include "server/sampling/sobol_sampler.h"
#include "storage/trial_state.h"

namespace caviar::coordinator {
namespace {

// A worker waits for a suggestion that knows the newest results for this share of what a trial
// takes, and at least so long.
constexpr double kPatienceShare = 0.01;
constexpr absl::Duration kLeastPatience = absl::Milliseconds(20);
// And at least so long where nothing at all is ready. A suggestion that is a little stale is nearly
// as good as a fresh one, but a point that knows nothing wastes a trial: not for a first answer
// that comes late on a busy machine, and not in studies whose trials take milliseconds.
constexpr absl::Duration kLeastStandInPatience = absl::Seconds(1);
// Of how many trials, the last ones, the median is taken, and among how many they are looked for.
constexpr size_t kTimedTrials = 64;
constexpr size_t kTrialsToTime = 256;

int32_t NextIndex(const StudyState& study) {
  return static_cast<int32_t>(study.configurations.size());
}

// The known configuration that the one with this index, which is not there yet, will be; nullptr:
// it will be one of the sampler's.
const KnownConfiguration* FindKnown(const StudyState& study, int32_t index) {
  const size_t known = study.known_made + static_cast<size_t>(index - NextIndex(study));
  return known < study.known.size() ? &study.known[known] : nullptr;
}

bool IsFresh(const StudyState& study, const Suggestion& suggestion) {
  return !study.sampler->UsesHistory() || suggestion.seen == study.history.size();
}

}  // namespace

absl::Duration Core::MedianTrialTime(const StudyState& study) {
  std::vector<int64_t> times;
  const size_t size = study.history.size();
  for (size_t back = 1; back <= std::min(size, kTrialsToTime); ++back) {
    const auto index = static_cast<size_t>(study.history[size - back].number);
    const int32_t last = study.configurations[index].trials.back();
    const int64_t time = study.trials[static_cast<size_t>(last)].running_time;
    if (time > 0) times.push_back(time);
    if (times.size() == kTimedTrials) break;
  }
  if (times.empty()) return absl::ZeroDuration();
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return absl::Microseconds(*middle);
}

absl::Duration Core::Patience(const StudyState& study) {
  // One after the other, each knows all before it: such a study repeats exactly.
  if (study.row.definition.limits().parallel() == 1) return absl::InfiniteDuration();
  return std::max(kLeastPatience, kPatienceShare * MedianTrialTime(study));
}

absl::Duration Core::StandInPatience(const StudyState& study) {
  return std::max(kLeastStandInPatience, Patience(study));
}

std::optional<int32_t> Core::NextTrial(StudyState& study) {
  if (!study.waiting.empty()) return *study.waiting.begin();
  if (!MayGrow(study)) return std::nullopt;
  const auto next = static_cast<int32_t>(study.trials.size());
  if (!study.to_repeat.empty()) return next;
  if (AllHandedOut(study)) return std::nullopt;
  const int32_t index = NextIndex(study);
  if (FindKnown(study, index) != nullptr) return next;
  const auto ready = study.ready.find(index);
  if (ready == study.ready.end()) return std::nullopt;
  if (IsFresh(study, ready->second)) return next;
  const absl::Duration now = deps_.clock.Steady();
  if (!study.waiting_for_fresh) study.waiting_for_fresh = now;
  if (now - *study.waiting_for_fresh >= Patience(study)) return next;
  return std::nullopt;
}

std::optional<int32_t> Core::TakeTrial(const Poll& poll, StudyState& study) {
  const std::optional<int32_t> number = NextTrial(study);
  if (!number) return MayStandIn(poll, study) ? StandIn(study) : std::nullopt;
  return *number == static_cast<int32_t>(study.trials.size()) ? NewTrial(study) : number;
}

// A study that runs one trial at a time repeats exactly: it waits as long as it takes.
bool Core::IsStarved(const StudyState& study, absl::Duration now) {
  return study.starved_since && now - *study.starved_since >= StandInPatience(study);
}

bool Core::MayStandIn(const Poll& poll, const StudyState& study) {
  if (stand_ins_left_ == 0 || !study.starved_since) return false;
  const absl::Duration waited =
      deps_.clock.Steady() - std::max(poll.parked_since, *study.starved_since);
  return waited >= kLeastStandInPatience && waited >= StandInPatience(study) && CanStarve(study) &&
         !study.ready.contains(NextIndex(study));
}

std::optional<int32_t> Core::StandIn(StudyState& study) {
  --stand_ins_left_;
  sampling::SobolSampler sobol;
  auto configuration = sampling::Suggest(sobol, *study.space, MakeInput(study, NextIndex(study)));
  // All were tried: the study's sampler will find that too.
  if (!configuration) return std::nullopt;
  return AppendTrial(study, *std::move(configuration), v1::Trial::STAND_IN, SeenCommit());
}

// Whether it waits for its sampler where others could run: one that draws without looking is never
// waited for.
bool Core::CanStarve(const StudyState& study) const {
  return study.sampler->UsesHistory() && !study.exhausted && study.waiting.empty() &&
         study.to_repeat.empty() && FindKnown(study, NextIndex(study)) == nullptr &&
         !AllHandedOut(study) && MayGrow(study) && HasRoom(study);
}

void Core::NoteStarved() {
  const absl::Duration now = deps_.clock.Steady();
  std::optional<Demand> demand;
  for (const int64_t id : state_.open) {
    StudyState& study = state_.studies.at(id);
    const bool can_starve = !parked_.empty() && CanStarve(study);
    if (can_starve && !demand) demand = CountDemand();
    if (!can_starve || demand->Of(study) == 0) {
      study.starved_since.reset();
    } else if (!study.starved_since) {
      study.starved_since = now;
    }
  }
}

absl::Duration Core::NextStandIn(absl::Duration now) const {
  absl::Duration next = absl::InfiniteDuration();
  for (const int64_t id : state_.open) {
    const StudyState& study = state_.studies.at(id);
    if (!study.starved_since) continue;
    const absl::Duration patience = StandInPatience(study);
    for (const Poll& poll : parked_) {
      const absl::Duration due = std::max(poll.parked_since, *study.starved_since) + patience;
      // Past: it was looked at just now.
      if (due > now) next = std::min(next, due);
    }
  }
  return stand_ins_left_ > 0 ? next : now + absl::Milliseconds(1);
}

void Core::RequestSuggestions(StudyState& study, int wanted) {
  const v1::Limits& limits = study.row.definition.limits();
  const int32_t next = NextIndex(study);
  int32_t end = next + wanted;
  if (NeedsHistory(study)) {
    end = std::min(end, next + 1);
    // One at a time, so that none is computed for an index that a stand-in took meanwhile.
    if (!study.requested.empty()) return;
  }
  if (limits.has_max_trials()) end = std::min(end, limits.max_trials());
  if (limits.has_parallel()) end = std::min(end, next + limits.parallel());
  if (study.exhausted || !MayGrow(study)) return;
  for (int32_t index = next; index < end; ++index) {
    if (FindKnown(study, index) != nullptr) continue;
    const auto ready = study.ready.find(index);
    if (ready != study.ready.end() && IsFresh(study, ready->second)) continue;
    if (study.requested.insert(index).second) RequestSuggestion(study, index);
  }
}

// What a batch has decided is in the history already.
int64_t Core::SeenCommit() const { return state_.commit + (batch_.empty() ? 0 : 1); }

void Core::RequestSuggestion(const StudyState& study, int32_t index) {
  const int64_t commit = SeenCommit();
  if (IsQuick(study)) {
    const absl::Duration began = deps_.clock.Steady();
    const auto configuration = Suggest({study.space, study.sampler, MakeInput(study, index)});
    if (deps_.measures != nullptr) {
      deps_.measures->OnSuggestion(study.row.definition.sampler().algorithm(),
                                   deps_.clock.Steady() - began);
    }
    return TakeSuggestion(study.row.id, index, configuration, commit, study.history.size());
  }
  const auto deliver = [this, id = study.row.id, index, commit, seen = study.history.size(),
                        revision = study.row.revision, generation = generation_,
                        algorithm = study.row.definition.sampler().algorithm(),
                        asked = deps_.clock.Steady()](MaybeConfiguration configuration) {
    Command command;
    command.decide = [=](Core& core) {
      if (generation != core.generation_) return;
      if (core.deps_.measures != nullptr) {
        core.deps_.measures->OnSuggestion(algorithm, core.deps_.clock.Steady() - asked);
      }
      // Another sampler, or other limits, would have suggested another one.
      const auto study = core.state_.studies.find(id);
      if (study == core.state_.studies.end() || study->second.row.revision != revision) return;
      core.TakeSuggestion(id, index, configuration, commit, seen);
    };
    command.answer = [](const absl::Status&) {};
    command.needs = Needs::kState;
    deps_.post(std::move(command));
  };
  deps_.suggester.Compute({study.space, study.sampler, MakeInput(study, index)}, deliver);
}

void Core::TakeSuggestion(int64_t study_id, int32_t index, const MaybeConfiguration& configuration,
                          int64_t commit, size_t seen) {
  const auto found = state_.studies.find(study_id);
  if (found == state_.studies.end()) return;
  StudyState& study = found->second;
  // Not asked for: by a state that a failed commit threw away.
  if (study.requested.erase(index) == 0) return;
  // A trial that was added, or a stand-in, took the index; or a known one's turn moved to it.
  if (index < NextIndex(study)) return;
  if (FindKnown(study, index) != nullptr) return;
  if (!configuration) {
    study.exhausted = true;
    study.ready.erase(index);
    // Its end would be a commit that fails, and each brings this suggestion again: later, by a
    // sweep.
    if (!store_health_.doubted()) dirty_.insert(study_id);
    return;
  }
  study.ready[index] = {*configuration, commit, seen};
  if (seen == study.history.size()) study.waiting_for_fresh.reset();
}

int32_t Core::NewTrial(StudyState& study) {
  if (!study.to_repeat.empty()) {
    const storage::TrialRow& first = FirstTrial(study, *study.to_repeat.begin()).row;
    return AppendTrial(study, first.parameters, v1::Trial::REPEAT, first.suggestion_commit,
                       first.number);
  }
  const int32_t index = NextIndex(study);
  study.waiting_for_fresh.reset();
  if (const KnownConfiguration* known = FindKnown(study, index)) {
    return AppendTrial(study, known->configuration, known->origin, SeenCommit());
  }
  Suggestion suggestion = std::move(study.ready.at(index));
  study.ready.erase(index);
  return AppendTrial(study, std::move(suggestion.configuration), v1::Trial::SAMPLER,
                     suggestion.commit);
}

int32_t Core::AppendTrial(StudyState& study, search_space::Configuration configuration,
                          v1::Trial::Origin origin, int64_t commit,
                          std::optional<int32_t> repeat_of) {
  const auto number = static_cast<int32_t>(study.trials.size());
  TrialState trial;
  trial.row.id = state_.counters.next_trial_id++;
  trial.row.study_id = study.row.id;
  trial.row.number = number;
  trial.row.revision = study.row.revision;
  trial.row.state = v1::Trial::WAITING;
  trial.row.origin = origin;
  trial.row.parameters = std::move(configuration);
  trial.row.suggestion_commit = commit;
  if (RepeatsOf(study.row.definition) > 1) trial.row.repeat_of = repeat_of.value_or(number);
  trial.row.create_time = WallMicros();
  trial.row.create_commit = Here().commit;
  trial.row.sampler_version = sampling::kSamplerVersion;
  trial.row.numerics_fingerprint = numerics_;
  auto point = study.space->ToPoint(trial.row.parameters);
  GOOGLE_CHECK(point.ok()) << point.status().ToString();
  trial.point = *std::move(point);
  if (IsKnown(origin)) ++study.known_made;
  storage::Count(study.counts, v1::Trial::WAITING, 1);
  study.waiting.insert(number);
  PlaceTrial(study, std::move(trial));
  return number;
}

bool Core::AllHandedOut(const StudyState& study) {
  const v1::Limits& limits = study.row.definition.limits();
  return limits.has_max_trials() && study.to_repeat.empty() &&
         NextIndex(study) >= limits.max_trials();
}

bool Core::NothingIsNew(const StudyState& study) {
  return AllHandedOut(study) || (study.exhausted && study.to_repeat.empty());
}

}  // namespace caviar::coordinator
