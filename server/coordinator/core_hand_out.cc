// Who gets which trial: parked calls, suggestions, grants.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/placement.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "server/coordinator/suggestion_input.h"

namespace caviar::coordinator {
namespace {

constexpr char kAsked[] = "(asked)";

// How many stand-ins one batch may make: each is looked for among all that was tried.
constexpr int kStandInsABatch = 32;

// Who is not heard of for so long is not there.
constexpr absl::Duration kGone = absl::Minutes(5);
// That there are no workers is not said before this process ran for so long: they come after it.
constexpr absl::Duration kComing = absl::Seconds(30);

// How many suggestions are made ahead at most.
constexpr size_t kMostAhead = 512;

// How much of its share of the workers a study has: the least goes first.
double ShareOf(const StudyState& study) {
  const v1::Limits& limits = study.row.definition.limits();
  return study.counts.running() / (limits.has_weight() ? limits.weight() : 1);
}

}  // namespace

void Core::Park(Poll poll) {
  if (draining_) {
    return poll.Answer(poll.worker_id.empty() ? error::ShuttingDown() : absl::OkStatus());
  }
  // A goodbye overtook it: nobody would take what it gets.
  if (deps_.sightings.HasLeft(poll.worker_id)) return poll.Answer(absl::OkStatus());
  poll.parked_since = deps_.clock.Steady();
  if (state_.workers.contains(poll.worker_id)) {
    deps_.sightings.Saw(poll.worker_id, poll.parked_since);
  }
  parked_.push_back(std::move(poll));
}

void Core::CancelPoll(int64_t id) {
  for (auto poll = parked_.begin(); poll != parked_.end(); ++poll) {
    if (poll->id != id) continue;
    const Poll cancelled = std::move(*poll);
    parked_.erase(poll);
    return cancelled.Answer(absl::CancelledError("the caller went away"));
  }
}

size_t Core::Demand::Of(const StudyState& study) const {
  const v1::Study& definition = study.row.definition;
  if (definition.trainer().has_external()) {
    const auto found = askers.find(definition.name());
    return found == askers.end() ? 0 : found->second;
  }
  size_t count = 0;
  for (const auto& [worker, polls] : workers) {
    if (CanRun(*worker, definition)) count += polls;
  }
  return count;
}

Core::Demand Core::CountDemand() const {
  Demand demand;
  for (const Poll& poll : parked_) {
    if (poll.worker_id.empty()) {
      ++demand.askers[poll.study];
    } else if (const auto worker = state_.workers.find(poll.worker_id);
               worker != state_.workers.end()) {
      ++demand.workers[&worker->second];
    }
  }
  return demand;
}

void Core::HandOut() {
  const absl::Duration now = deps_.clock.Steady();
  stand_ins_left_ = kStandInsABatch;
  taken_.reset();
  std::optional<Demand> demand;
  for (const int64_t id : state_.open) {
    if (parked_.empty()) break;
    StudyState& study = state_.studies.at(id);
    if (study.row.state == v1::Study::ACTIVE && IsQuick(study)) {
      RequestSuggestions(study, static_cast<int>(parked_.size()));
    }
    if (study.paused.empty()) continue;
    if (!demand) demand = CountDemand();
    PromoteFor(study, demand->Of(study));
  }
  const std::vector<StudyState*> offers = FindOffers();
  for (auto poll = parked_.begin(); poll != parked_.end();) {
    bool over = true;
    const auto answer = [&](absl::Status status) {
      after_commit_.push_back([poll = *poll, status] { poll.Answer(status); });
    };
    if (!poll->worker_id.empty() && !state_.workers.contains(poll->worker_id)) {
      answer(error::WithReason(
          absl::NotFoundError(absl::StrCat("worker ", poll->worker_id, " is not known; register")),
          error::kWorkerUnknown));
    } else if (TryServe(*poll, offers)) {
      // Its answer waits for the commit already.
      granted_.push_back(poll->parked_since);
    } else if (const absl::Status refusal = AskRefusal(*poll); !refusal.ok()) {
      answer(refusal);
    } else if (poll->worker_id.empty() && store_health_.doubted()) {
      answer(Refusal(store_health_.failure()));
    } else if (poll->deadline <= now) {
      answer(poll->worker_id.empty()
                 ? absl::UnavailableError("no configuration was ready in time; ask again")
                 : absl::OkStatus());
    } else {
      over = false;
    }
    if (over) {
      // Kept until the commit: if that fails, they wait again.
      served_.push_back(std::move(*poll));
      poll = parked_.erase(poll);
    } else {
      ++poll;
    }
  }
  // Work ahead for those who wait, for twice as many as batches answer, and one more: the suggester
  // may get its turn late.
  usual_callers_ = std::max(served_.size(), usual_callers_ - (usual_callers_ + 7) / 8);
  const size_t callers = std::max(parked_.size(), 2 * usual_callers_);
  const int wanted = static_cast<int>(std::min(callers, kMostAhead)) + 1;
  for (const int64_t id : state_.open) {
    StudyState& study = state_.studies.at(id);
    if (study.row.state == v1::Study::ACTIVE && !IsQuick(study)) RequestSuggestions(study, wanted);
  }
  NoteStarved();
}

// The studies that have something for a worker now. Looked for once a batch: where many are parked
// and nothing is to be had, each of them costs next to nothing.
std::vector<StudyState*> Core::FindOffers() {
  std::vector<StudyState*> offers;
  const absl::Duration now = deps_.clock.Steady();
  for (auto id = state_.open.begin(); id != state_.open.end();) {
    StudyState& study = state_.studies.at(*id);
    const auto evaluation =
        study.evaluation ? study.evaluation->state : v1::TestEvaluation::STATE_UNSPECIFIED;
    const bool asked = study.row.definition.trainer().has_external();
    if (evaluation == v1::TestEvaluation::WAITING ||
        (!asked && !parked_.empty() && HasRoom(study) &&
         (NextTrial(study) || IsStarved(study, now)))) {
      offers.push_back(&study);
    }
    const bool open = study.row.state == v1::Study::ACTIVE ||
                      evaluation == v1::TestEvaluation::WAITING ||
                      evaluation == v1::TestEvaluation::RUNNING;
    id = open ? std::next(id) : state_.open.erase(id);
  }
  return offers;
}

bool Core::HasRoom(const StudyState& study) const {
  const v1::Limits& limits = study.row.definition.limits();
  return study.row.state == v1::Study::ACTIVE && !StepsAreUsedUp(study) &&
         (!limits.has_parallel() || study.counts.running() < limits.parallel());
}

bool Core::TryServe(const Poll& poll, const std::vector<StudyState*>& offers) {
  if (AnswerRepeat(poll)) return true;
  if (deps_.clock.Steady() < hold_until_) return false;
  StudyState* chosen = nullptr;
  if (poll.worker_id.empty()) {
    auto study = FindStudy(poll.study);
    if (study.ok() && (*study)->row.definition.trainer().has_external() && HasRoom(**study)) {
      chosen = *study;
    }
  } else {
    const storage::WorkerRow& worker = state_.workers.at(poll.worker_id);
    const absl::Duration now = deps_.clock.Steady();
    const absl::Duration time_left = poll.leaves_at - now;
    const bool leaves = time_left != absl::InfiniteDuration();
    for (StudyState* study : offers) {
      if (study->evaluation && study->evaluation->state == v1::TestEvaluation::WAITING &&
          !troubles_.Rests(study->row.id, worker.id, now) &&
          IsWanted(study->row.definition, poll.studies, poll.owners) &&
          CanRun(worker, study->row.definition)) {
        GrantEvaluation(poll, worker, *study);
        return true;
      }
    }
    // Studies share the slots: the one that runs least for its weight, then the one that waited
    // longest.
    for (StudyState* study : offers) {
      if (!IsWanted(study->row.definition, poll.studies, poll.owners)) continue;
      if (!HasRoom(*study) || !HasRoomFor(worker, *study)) continue;
      if (leaves && !EndsInTime(study->row.definition, MedianTrialTime(*study), time_left))
        continue;
      if (!NextTrial(*study) && !MayStandIn(poll, *study)) continue;
      if (troubles_.Rests(study->row.id, worker.id, now)) continue;
      if (chosen == nullptr || std::pair(ShareOf(*study), study->last_served) <
                                   std::pair(ShareOf(*chosen), chosen->last_served)) {
        chosen = study;
      }
    }
  }
  if (chosen == nullptr) return false;
  const std::optional<int32_t> number = TakeTrial(poll, *chosen);
  if (number) Grant(poll, *chosen, *number);
  return number.has_value();
}

bool Core::HasRoomFor(const storage::WorkerRow& worker, const StudyState& study) {
  const v1::Study& definition = study.row.definition;
  if (!CanRun(worker, definition)) return false;
  if (!definition.trainer().has_command()) return true;
  if (!taken_) taken_ = CountTaken();
  return Fits(worker, (*taken_)[worker.id], definition);
}

void Core::NoteUnplaced() {
  placement_changed_ = false;
  // Who has left, or is gone without a word, stays known for a day, and runs nothing any more.
  const std::map<std::string, Sighting> last_seen = deps_.sightings.All();
  const absl::Duration gone = std::max(options_.lease_ttl, kGone);
  std::vector<const storage::WorkerRow*> workers;
  for (const auto& [id, worker] : state_.workers) {
    const Silence silence = SilenceOf(worker, last_seen);
    if (!silence.left && silence.time < gone) workers.push_back(&worker);
  }
  // They come one after the other, and after the coordinator.
  if (workers.empty() && deps_.clock.Steady() - start_steady_ < kComing) return;
  const auto note = [&](const StudyState& study, std::string& message) {
    const std::string why = WhyNoWorker(workers, study.row.definition);
    const bool was_unplaced = absl::StartsWith(message, vocabulary::kNoWorker);
    if (why == message || (why.empty() && !was_unplaced)) return false;
    message = why;
    return true;
  };
  for (auto& [id, study] : state_.studies) {
    if (study.row.state == v1::Study::ACTIVE) {
      if (note(study, study.row.message)) Put(study);
    } else if (study.evaluation && study.evaluation->state == v1::TestEvaluation::WAITING &&
               note(study, study.evaluation->message)) {
      changed_.insert(study.row.definition.name());
      batch_.push_back(*study.evaluation);
    }
  }
}

std::map<std::string, Taken> Core::CountTaken() const {
  std::map<std::string, Taken> taken;
  for (const auto& [id, study] : state_.studies) {
    if (!study.row.definition.trainer().has_command()) continue;
    for (const int32_t number : study.running) {
      taken[study.trials[static_cast<size_t>(number)].attempt->worker_id].Add(study.row.definition);
    }
  }
  return taken;
}

Token Core::NewToken() { return {state_.store_epoch, state_.counters.next_token_counter++}; }

void Core::Grant(const Poll& poll, StudyState& study, int32_t number) {
  TrialState& trial = study.trials[number];
  const Token token = NewToken();
  if (trial.attempt) ForgetToken(state_, *trial.attempt);
  storage::AttemptRow attempt;
  attempt.trial_id = trial.row.id;
  attempt.number = trial.attempt ? trial.attempt->number + 1 : 1;
  attempt.worker = kAsked;
  attempt.token_epoch = token.epoch;
  attempt.token_counter = token.counter;
  attempt.request_client_id = poll.client_id;
  attempt.request_sequence = poll.sequence;
  attempt.start_time = WallMicros();
  if (poll.worker_id.empty()) {
    attempt.lease_duration = absl::ToInt64Microseconds(poll.lease_duration);
  } else {
    const storage::WorkerRow& worker = state_.workers.at(poll.worker_id);
    attempt.worker = worker.name;
    attempt.worker_id = worker.id;
    attempt.numerics_fingerprint = worker.numerics_fingerprint;
    if (taken_) (*taken_)[worker.id].Add(study.row.definition);
  }
  if (trial.row.start_time == 0) trial.row.start_time = attempt.start_time;
  attempt.start_at = Here();
  BeginCurve(study, trial, attempt);
  MoveTrial(study, trial, v1::Trial::RUNNING, "");
  trial.attempt = attempt;
  batch_.push_back(std::move(attempt));

  state_.tokens[token.counter] = {study.row.id, number, false};
  state_.grants[GrantKey(poll.client_id, poll.sequence)] = token.counter;
  study.last_served = ++hand_outs_;
  InsertLease(study, number, *trial.attempt);
  AnswerGrant(poll, study, trial, token);
}

void Core::GrantEvaluation(const Poll& poll, const storage::WorkerRow& worker, StudyState& study) {
  storage::EvaluationRow& row = *study.evaluation;
  const Token token = NewToken();
  if (row.token_counter > 0) ForgetToken(state_, row);
  row.state = v1::TestEvaluation::RUNNING;
  row.message.clear();
  row.worker = worker.name;
  row.worker_id = worker.id;
  row.token_epoch = token.epoch;
  row.token_counter = token.counter;
  row.request_client_id = poll.client_id;
  row.request_sequence = poll.sequence;
  row.time = WallMicros();
  batch_.push_back(row);
  changed_.insert(study.row.definition.name());
  state_.tokens[token.counter] = {study.row.id, 0, true};
  state_.grants[GrantKey(poll.client_id, poll.sequence)] = token.counter;
  InsertLease(study, row);
  AnswerGrant(poll, study, study.trials[*study.evaluated], token);
}

void Core::AnswerGrant(const Poll& poll, const StudyState& study, const TrialState& trial,
                       Token token) {
  const std::string& name = study.row.definition.name();
  v1::Trial message = ToMessage(name, trial.row, trial.attempt);
  if (poll.worker_id.empty()) {
    v1::AskTrialResponse response;
    *response.mutable_trial() = std::move(message);
    *response.mutable_token() = ToMessage(token);
    AnswerAfterCommit(poll.ask_done, std::move(response));
    return;
  }
  v1::AcquireWorkResponse response;
  if (state_.tokens.at(token.counter).evaluation) {
    v1::EvaluationWork& work = *response.mutable_evaluation();
    *work.mutable_token() = ToMessage(token);
    *work.mutable_study() = study.row.definition;
    *work.mutable_trial() = std::move(message);
    *work.mutable_weights() =
        ToMessage(name, trial.row.number, *trial.Newest(v1::Artifact::WEIGHTS));
  } else {
    v1::TrialWork& work = *response.mutable_trial();
    *work.mutable_token() = ToMessage(token);
    *work.mutable_study() = study.row.definition;
    *work.mutable_trial() = std::move(message);
    work.set_attempt(trial.attempt->number);
    const storage::ArtifactRow* checkpoint = trial.Newest(v1::Artifact::CHECKPOINT);
    if (trial.attempt->parent_attempt > 0 && checkpoint != nullptr) {
      *work.mutable_checkpoint() = ToMessage(name, trial.row.number, *checkpoint);
    }
  }
  AnswerAfterCommit(poll.work_done, std::move(response));
}

bool Core::AnswerRepeat(const Poll& poll) {
  const auto grant = state_.grants.find(GrantKey(poll.client_id, poll.sequence));
  if (grant == state_.grants.end()) return false;
  const TokenTarget& target = state_.tokens.at(grant->second);
  const StudyState& study = state_.studies.at(target.study_id);
  const int32_t number = target.evaluation ? *study.evaluated : target.number;
  Token token;
  const auto is_mine = [&poll, &token](const auto& row) {
    token = {row.token_epoch, row.token_counter};
    return row.request_client_id == poll.client_id && row.request_sequence == poll.sequence;
  };
  if (!(target.evaluation ? is_mine(*study.evaluation) : is_mine(*study.trials[number].attempt))) {
    return false;
  }
  const std::string& owner =
      target.evaluation ? study.evaluation->worker_id : study.trials[number].attempt->worker_id;
  // An asker gives nothing back of itself: its answer was lost, and the token with it. A worker
  // learns that from its next renewal; an asker would train for nothing.
  if (owner.empty() && poll.worker_id.empty() &&
      study.trials[number].attempt->outcome == v1::Attempt::GIVEN_BACK) {
    return false;
  }
  if (owner != poll.worker_id || (owner.empty() && study.row.definition.name() != poll.study)) {
    after_commit_.push_back([poll] {
      poll.Answer(error::InvalidField(
          "request_id", absl::StrCat(poll.client_id, "/", poll.sequence,
                                     " was used for another call that got a trial; every new "
                                     "request needs a new id")));
    });
    return true;
  }
  after_commit_.push_back([this, counter = token.counter] { ++repeats_[counter]; });
  AnswerGrant(poll, study, study.trials[number], token);
  return true;
}

absl::Status Core::AskRefusal(const Poll& poll) {
  if (!poll.worker_id.empty()) return absl::OkStatus();
  auto found = FindStudy(poll.study);
  if (!found.ok()) return found.status();
  const StudyState& study = **found;
  const auto refuse = [](std::string message) {
    return error::WithReason(absl::FailedPreconditionError(message), error::kNoTrial);
  };
  if (!study.row.definition.trainer().has_external()) {
    return refuse(absl::StrCat("study '", poll.study,
                               "' is trained by workers; only studies with trainer: {external: {}} "
                               "can be asked"));
  }
  if (study.row.state != v1::Study::ACTIVE) {
    return refuse(absl::StrCat(
        "study '", poll.study, "' is ", v1::Study::State_Name(study.row.state),
        study.row.state == v1::Study::STOPPED ? "; resume it first" : " and gives no more trials"));
  }
  if (StepsAreUsedUp(study)) {
    return refuse(
        absl::StrCat("study '", poll.study, "' has trained all of its ",
                     vocabulary::Counted(study.row.definition.limits().max_steps(), "step")));
  }
  if (!HasRoom(study)) {
    return refuse(absl::StrCat("study '", poll.study, "' runs ",
                               vocabulary::Counted(study.counts.running(), "trial"),
                               " already (limits.parallel); tell one first"));
  }
  const v1::Limits& limits = study.row.definition.limits();
  if (study.waiting.empty() && study.to_repeat.empty() && study.exhausted) {
    return refuse(absl::StrCat("study '", poll.study, "' has no configuration left: all ",
                               study.configurations.size(), " were handed out"));
  }
  if (study.waiting.empty() && AllHandedOut(study)) {
    return refuse(absl::StrCat(
        "study '", poll.study, "' has handed out all of its ",
        vocabulary::Counted(limits.max_trials(),
                            RepeatsOf(study.row.definition) > 1 ? "configuration" : "trial")));
  }
  if (study.waiting.empty() && !MayGrow(study)) {
    return refuse(std::string(TooManyTrials(study).message()));
  }
  return absl::OkStatus();
}

}  // namespace caviar::coordinator
