// What the coordinator holds in memory: a copy of what is stored, and what can be computed again.
// Owned by the sequencer's thread.
#ifndef CAVIAR_SERVER_COORDINATOR_STATE_H_
#define CAVIAR_SERVER_COORDINATOR_STATE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/coordinator/known_trials.h"
#include "server/coordinator/lease_table.h"
#include "server/coordinator/outcome.h"
#include "server/pruning/pruner.h"
#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"
#include "storage/store.h"

namespace caviar::coordinator {

// What a trial's attempts reported.
struct ReportedValues {
  int64_t count = 0;
  std::set<std::string> metrics;
};

struct TrialState {
  storage::TrialRow row;
  int32_t configuration = 0;  // whose trial it is: index in StudyState::configurations
  search_space::Point point;  // of its configuration
  // The newest one.
  std::optional<storage::AttemptRow> attempt;
  // The first objective's curve, as it ends in the newest attempt, until the trial is final.
  Curve objective_values;
  // The same for other_metrics.
  Curves other_values;
  // Counted once it reports, until it is final.
  std::optional<ReportedValues> reported;
  // Its files; of each kind the newest comes last.
  std::vector<storage::ArtifactRow> artifacts;
  // The numerics fingerprints of attempts that made checkpoints, by attempt.
  std::map<int32_t, std::string> checkpoint_numerics;
  // What the pruner made of it, by step.
  std::vector<storage::PrunerDecisionRow> decisions;
  // The pruner wants it to pause, since this step.
  std::optional<int64_t> pausing;
  int failed_pauses = 0;
  // Microseconds in its attempts that ended. Read again from the store, a final trial has only the
  // newest one's: it says how patient callers may be, and no more.
  int64_t running_time = 0;

  // The newest file of a kind; nullptr: there is none.
  const storage::ArtifactRow* Newest(v1::Artifact::Kind kind) const;
  // Whether one of its checkpoints is of this attempt.
  bool HasCheckpointOf(int32_t number) const;
};

// The trials with one configuration: one, or in studies with repeats as many as these. Samplers see
// them as one observation.
struct ConfigurationState {
  std::vector<int32_t> trials;  // numbers, growing; the configuration goes by the first one's
  // Of its observation in the history, from 1; 0: not all of its trials are there and final.
  int64_t place = 0;
};

// A configuration that is ready to be handed out.
struct Suggestion {
  search_space::Configuration configuration;
  // The commit up to which the sampler saw the history, and how many observations it had.
  int64_t commit = 0;
  size_t seen = 0;
};

// What earlier studies found out, as SamplerInput::warm_start.
using WarmStart = std::vector<std::vector<sampling::Observation>>;

struct StudyState {
  storage::StudyRow row;
  std::shared_ptr<const search_space::SearchSpace> space;
  std::shared_ptr<sampling::Sampler> sampler;
  // By number; never moved, as copying a million of them would hold up all callers.
  std::deque<TrialState> trials;
  // By their first trials' numbers. Suggestions and observations are numbered by their indices.
  std::vector<ConfigurationState> configurations;
  std::set<int32_t> pending;    // indices of those that have no observation yet
  std::set<int32_t> to_repeat;  // indices of those that have fewer trials than the study's repeats
  sampling::History history;    // of configurations
  std::shared_ptr<const WarmStart> warm_start;  // nullptr: none
  std::shared_ptr<pruning::Pruner> pruner;      // nullptr: none
  std::set<int32_t> waiting;                    // numbers of WAITING trials
  std::set<int32_t> running;                    // numbers of RUNNING trials
  std::set<int32_t> paused;                     // numbers of PAUSED trials
  // Of these, those that paused under a pruner that the study had before: they go on first.
  std::set<int32_t> released;
  storage::Moment pruner_since = {};  // when it got this pruner; {}: at its creation
  v1::TrialCounts counts;
  // Metrics that outcomes need beside the first objective's.
  std::set<std::string> other_metrics;
  // Number of the best configuration's first trial; none where there are several objectives.
  std::optional<int32_t> best;
  std::optional<storage::EvaluationRow> evaluation;
  std::optional<int32_t> evaluated;  // number of its trial

  // What is tried before the sampler's configurations, and how much of it became trials.
  std::vector<KnownConfiguration> known;
  size_t known_made = 0;
  std::map<int32_t, Suggestion> ready;  // the sampler's; by the index that they will have
  std::set<int32_t> requested;          // from the suggester, not there yet
  bool exhausted = false;               // the suggester has no other configuration
  // Since when somebody waits for a suggestion that knows the newest results, while one that does
  // not is ready.
  std::optional<absl::Duration> waiting_for_fresh;
  // Since when there has always been a caller that it could serve, and nothing to hand out.
  std::optional<absl::Duration> starved_since;
  // Steady time at which the study's ACTIVE time was row.active_time; meaningful while it is
  // ACTIVE.
  absl::Duration active_since;
  bool is_noted = false;             // by this process
  int64_t final_when_activated = 0;  // as StudyActivationRow
  // FAILED trials since it was created or resumed, while none ended well.
  int failures_in_a_row = 0;
  int64_t last_served = 0;  // counts hand-outs, for turns
};

// Where a token points to.
struct TokenTarget {
  int64_t study_id = 0;
  int32_t number = 0;
  bool evaluation = false;
};

struct State {
  int64_t commit = 0;
  int64_t store_epoch = 0;
  storage::CountersRow counters;
  std::map<int64_t, StudyState> studies;  // not deleted ones
  std::map<std::string, int64_t> study_ids;
  std::set<int64_t> erasing;  // deleted studies whose rows are still there
  std::set<int64_t> ending;   // IsEnding
  // All that may have something to hand out: those that are ACTIVE or have a test evaluation to
  // come are in it, others leave it at the next look.
  std::set<int64_t> open;
  // Of the newest attempt of every trial, and of evaluations.
  absl::flat_hash_map<int64_t, TokenTarget> tokens;
  // The counters of these tokens, by GrantKey of the calls that got them: a repeat gets the same
  // one, also where its lease is over. Two calls with one key: the later one counts.
  absl::flat_hash_map<uint64_t, int64_t> grants;
  std::map<std::string, storage::WorkerRow> workers;
  // Ends that are still to be told, by study and revision.
  std::map<std::pair<int64_t, int32_t>, storage::StudyEndRow> ends;
  // Studies and numbers of trials that run under leases of another epoch, which nobody can use any
  // more: the store was restored. -1: a study's evaluation.
  std::set<std::pair<int64_t, int32_t>> of_other_epochs;
};

// Of a call that asks for a trial; the same in this process only.
uint64_t GrantKey(const std::string& client_id, int64_t sequence);

// Takes the token out of State::tokens and State::grants; `row` is the AttemptRow or EvaluationRow
// that it was granted with.
template <typename Row>
void ForgetToken(State& state, const Row& row) {
  state.tokens.erase(row.token_counter);
  const auto grant = state.grants.find(GrantKey(row.request_client_id, row.request_sequence));
  if (grant != state.grants.end() && grant->second == row.token_counter) state.grants.erase(grant);
}

// A study without trials and without warm start. DATA_LOSS, or INVALID_ARGUMENT: this build does
// not know its space or its sampler.
absl::StatusOr<StudyState> MakeStudyState(storage::StudyRow row);

// Brings the stored snapshot into memory. Studies whose space or sampler this build does not know
// are an error. Histories are empty, and pruners have seen nothing.
absl::StatusOr<State> MakeState(storage::Snapshot snapshot);

// How long an attempt that ended ran, in microseconds by the calendar; >= 0.
int64_t RunningTime(const storage::AttemptRow& attempt);

// Whether a trial is one of its study's `known`.
bool IsKnown(v1::Trial::Origin origin);

// The StudyState::other_metrics of such a study.
std::set<std::string> OtherMetrics(const v1::Study& definition);

// Whether both say the same of the pruner.
bool HaveSamePruner(const v1::Study& a, const v1::Study& b);

// What failures_in_a_row is, by the rows alone.
int CountFailuresInARow(const StudyState& study);

// The first objective as samplers and pruners read it: lower is better.
double Loss(const StudyState& study, double objective);

// Whether any of its trials is WAITING, RUNNING or PAUSED.
bool HasOpenTrials(const StudyState& study);

// In the order in which they became final, where pruner and trials are complete.
void FillHistory(StudyState& study);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STATE_H_
