#include "server/coordinator/state.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "server/coordinator/warm_start.h"
#include "storage/trial_state.h"

namespace caviar::coordinator {

absl::StatusOr<StudyState> MakeStudyState(storage::StudyRow row) {
  StudyState study;
  auto space = search_space::SearchSpace::Create(row.definition.parameters(),
                                                 row.definition.linear_constraints());
  if (!space.ok()) {
    return absl::DataLossError(
        absl::StrCat("study ", row.definition.name(), ": ", std::string(space.status().message())));
  }
  auto sampler = sampling::MakeSampler(row.definition.sampler());
  if (!sampler.ok()) return sampler.status();
  study.space = std::make_shared<const search_space::SearchSpace>(*std::move(space));
  study.sampler = *std::move(sampler);
  study.pruner = pruning::MakePruner(row.definition);
  study.known = ListKnown(row.definition, *study.space);
  study.other_metrics = OtherMetrics(row.definition);
  study.row = std::move(row);
  return study;
}

namespace {

absl::Status AddStudy(State& state, storage::StudyRow row) {
  if (row.deleted) {
    state.erasing.insert(row.id);
    return absl::OkStatus();
  }
  auto study = MakeStudyState(std::move(row));
  if (!study.ok()) return study.status();
  const int64_t id = study->row.id;
  state.study_ids[study->row.definition.name()] = id;
  state.studies.emplace(id, *std::move(study));
  return absl::OkStatus();
}

absl::Status AddTrial(State& state, storage::TrialRow row) {
  StudyState& study = state.studies.at(row.study_id);
  storage::Count(study.counts, row.state, 1);
  if (row.state == v1::Trial::WAITING) study.waiting.insert(row.number);
  if (row.state == v1::Trial::RUNNING) study.running.insert(row.number);
  if (row.state == v1::Trial::PAUSED) study.paused.insert(row.number);
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat("study ", study.row.definition.name(), ", trial ", row.number, ": ", what));
  };
  for (const std::string& metric : vocabulary::OutcomeMetrics(study.row.definition)) {
    if (row.state == v1::Trial::COMPLETED && !row.outcome.contains(metric)) {
      return damaged(absl::StrCat("its outcome lacks '", metric, "'"));
    }
  }
  if (IsKnown(row.origin)) ++study.known_made;
  auto point = study.space->ToPoint(row.parameters);
  if (!point.ok()) return damaged(std::string(point.status().message()));
  const int32_t first = row.repeat_of.value_or(row.number);
  if (first != row.number && (first > row.number || study.trials[first].row.repeat_of != first)) {
    return damaged(absl::StrCat("it repeats trial ", first, ", which is none that is repeated"));
  }
  TrialState trial;
  trial.row = std::move(row);
  trial.point = *std::move(point);
  PlaceTrial(study, std::move(trial));
  NoteBest(study, first);
  return absl::OkStatus();
}

// By study and revision.
void NotePruners(State& state, const std::vector<storage::StudyRevisionRow>& revisions) {
  const storage::StudyRevisionRow* before = nullptr;
  for (const storage::StudyRevisionRow& row : revisions) {
    const bool same = before == nullptr || before->study_id != row.study_id ||
                      HaveSamePruner(before->definition, row.definition);
    if (!same) state.studies.at(row.study_id).pruner_since = row.at;
    before = &row;
  }
}

// Of a trial's newest attempt, or of an evaluation.
template <typename Row>
void NoteGrant(State& state, const Row& row) {
  int64_t& counter = state.grants[GrantKey(row.request_client_id, row.request_sequence)];
  counter = std::max(counter, row.token_counter);
}

}  // namespace

uint64_t GrantKey(const std::string& client_id, int64_t sequence) {
  return absl::HashOf(client_id, sequence);
}

const storage::ArtifactRow* TrialState::Newest(v1::Artifact::Kind kind) const {
  const auto found = std::find_if(artifacts.rbegin(), artifacts.rend(),
                                  [kind](const auto& row) { return row.kind == kind; });
  return found == artifacts.rend() ? nullptr : &*found;
}

bool TrialState::HasCheckpointOf(int32_t number) const {
  return std::any_of(artifacts.begin(), artifacts.end(), [number](const auto& row) {
    return row.kind == v1::Artifact::CHECKPOINT && row.attempt == number;
  });
}

int64_t RunningTime(const storage::AttemptRow& attempt) {
  return std::max<int64_t>(0, attempt.end_time - attempt.start_time);
}

bool IsKnown(v1::Trial::Origin origin) {
  return origin == v1::Trial::KNOWN || origin == v1::Trial::DEFAULT;
}

int CountFailuresInARow(const StudyState& study) {
  if (study.row.definition.trainer().has_external() || study.counts.completed() > 0) return 0;
  int64_t since = study.final_when_activated;
  for (const TrialState& trial : study.trials) {
    if (trial.row.state == v1::Trial::INFEASIBLE) since = std::max(since, trial.row.final_order);
  }
  return static_cast<int>(
      std::count_if(study.trials.begin(), study.trials.end(), [since](const TrialState& trial) {
        return trial.row.state == v1::Trial::FAILED && trial.row.final_order > since;
      }));
}

bool HaveSamePruner(const v1::Study& a, const v1::Study& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a.pruner(), b.pruner());
}

std::set<std::string> OtherMetrics(const v1::Study& definition) {
  const std::vector<std::string> all = vocabulary::OutcomeMetrics(definition);
  std::set<std::string> others(all.begin(), all.end());
  others.erase(vocabulary::FirstObjective(definition).metric());
  return others;
}

bool HasOpenTrials(const StudyState& study) {
  return !study.running.empty() || !study.waiting.empty() || !study.paused.empty();
}

double Loss(const StudyState& study, double objective) {
  return vocabulary::Loss(vocabulary::FirstObjective(study.row.definition), objective);
}

void FillHistory(StudyState& study) {
  // A configuration becomes final with the last of its trials.
  std::vector<std::pair<int64_t, int32_t>> finals;
  for (const int32_t index : study.pending) {
    if (!IsComplete(study, index)) continue;
    int64_t order = 0;
    for (const int32_t number : study.configurations[index].trials) {
      order = std::max(order, study.trials[number].row.final_order);
    }
    finals.emplace_back(order, index);
  }
  std::sort(finals.begin(), finals.end());
  for (const auto& [order, index] : finals) Observe(study, index);
}

absl::StatusOr<State> MakeState(storage::Snapshot snapshot) {
  State state;
  state.commit = snapshot.commit;
  state.store_epoch = snapshot.store_epoch;
  state.counters = snapshot.counters;
  for (auto& row : snapshot.studies) {
    if (auto status = AddStudy(state, std::move(row)); !status.ok()) return status;
  }
  for (const auto& row : snapshot.study_activations) {
    state.studies.at(row.study_id).final_when_activated = row.final_trials;
  }
  NotePruners(state, snapshot.study_revisions);
  for (auto& row : snapshot.study_ends) {
    state.ends[{row.study_id, row.revision}] = std::move(row);
  }
  std::unordered_map<int64_t, std::pair<int64_t, int32_t>> places;  // trial id to study, number
  for (auto& row : snapshot.trials) {
    const int64_t study_id = row.study_id;
    if (row.number != static_cast<int32_t>(state.studies.at(study_id).trials.size())) {
      return absl::DataLossError(absl::StrCat("study ", study_id, ": trial ", row.number,
                                              " is stored, but not all before it"));
    }
    places[row.id] = {study_id, row.number};
    if (auto status = AddTrial(state, std::move(row)); !status.ok()) return status;
  }
  for (const auto& [id, study] : state.studies) {
    if (IsEnding(study)) state.ending.insert(id);
  }
  const auto trial = [&](int64_t id) -> TrialState& {
    const auto& [study_id, number] = places.at(id);
    return state.studies.at(study_id).trials[number];
  };
  for (auto& row : snapshot.artifacts) trial(row.trial_id).artifacts.push_back(std::move(row));
  for (auto& row : snapshot.attempts) {
    const auto& [study_id, number] = places.at(row.trial_id);
    TrialState& owner = trial(row.trial_id);
    if (owner.HasCheckpointOf(row.number)) {
      owner.checkpoint_numerics[row.number] = row.numerics_fingerprint;
    }
    owner.running_time += RunningTime(row);
    if (owner.attempt && owner.attempt->number > row.number) continue;
    if (owner.attempt) state.tokens.erase(owner.attempt->token_counter);
    state.tokens[row.token_counter] = {study_id, number, false};
    owner.attempt = std::move(row);
  }
  for (auto& [id, study] : state.studies) {
    for (const TrialState& one : study.trials) {
      if (one.attempt) NoteGrant(state, *one.attempt);
    }
    for (const int32_t number : study.paused) {
      const TrialState& one = study.trials[static_cast<size_t>(number)];
      if (one.attempt && one.attempt->end_at < study.pruner_since) study.released.insert(number);
    }
  }
  for (auto& row : snapshot.pruner_decisions) {
    trial(row.trial_id).decisions.push_back(std::move(row));
  }
  for (auto& row : snapshot.evaluations) {
    const auto study = state.studies.find(row.study_id);
    if (study == state.studies.end()) continue;
    const auto place = places.find(row.trial_id);
    if (place == places.end()) {
      return absl::DataLossError(absl::StrCat("study ", row.study_id,
                                              ": its evaluation is of trial ", row.trial_id,
                                              ", which is not stored"));
    }
    if (row.token_counter > 0) {
      state.tokens[row.token_counter] = {row.study_id, 0, true};
      NoteGrant(state, row);
    }
    study->second.evaluated = place->second.second;
    study->second.evaluation = std::move(row);
  }
  for (auto& row : snapshot.workers) state.workers[row.id] = std::move(row);
  std::map<int64_t, std::vector<storage::WarmStartTrialRow>> warm;
  for (auto& row : snapshot.warm_start_trials) warm[row.study_id].push_back(std::move(row));
  for (const auto& [id, rows] : warm) {
    StudyState& study = state.studies.at(id);
    auto observations = ToObservations(*study.space, rows);
    if (!observations.ok()) return observations.status();
    study.warm_start = *std::move(observations);
  }
  return state;
}

}  // namespace caviar::coordinator
