// Leases: who holds which trial, and what happens when a lease ends without an outcome.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/core.h"

namespace caviar::coordinator {
namespace {

// How often in a row a program's trial may be given back without a new step.
constexpr int32_t kFruitless = 10;
// Beyond so many it is looked which are of tokens that are no more.
constexpr size_t kManyRepeats = 1'000;

std::string GivenBackBy(const std::string& worker) {
  return absl::StrCat("given back by worker ", worker);
}

std::string CouldNotDoIt(const std::string& worker, const std::string& why) {
  return absl::StrCat(GivenBackBy(worker), vocabulary::kCouldNotDoIt, why);
}

std::string WaitsText(int32_t number) { return absl::StrCat("trial ", number, " waits: "); }

}  // namespace

absl::Status Core::LeaseLost(Token token) const {
  return error::WithReason(
      absl::AbortedError(absl::StrCat("the lease ", token.epoch, "/", token.counter,
                                      " is over: its trial was given to another, cancelled, or is "
                                      "final; nothing was changed")),
      error::kLeaseLost);
}

Lease Core::ToLease(const StudyState& study, int32_t number,
                    const storage::AttemptRow& attempt) const {
  return {study.row.id,
          study.row.definition.name(),
          number,
          attempt.number,
          attempt.trial_id,
          attempt.worker_id,
          attempt.lease_duration == 0 ? options_.lease_ttl
                                      : absl::Microseconds(attempt.lease_duration)};
}

Lease Core::ToLease(const StudyState& study, const storage::EvaluationRow& row) const {
  return {study.row.id,  study.row.definition.name(), 0, 0, row.trial_id,
          row.worker_id, options_.lease_ttl};
}

void Core::InsertLease(const StudyState& study, int32_t number,
                       const storage::AttemptRow& attempt) {
  const Token token{attempt.token_epoch, attempt.token_counter};
  after_commit_.push_back([this, token, lease = ToLease(study, number, attempt)] {
    deps_.leases.Insert(token, lease, deps_.clock.Steady());
  });
}

void Core::InsertLease(const StudyState& study, const storage::EvaluationRow& evaluation) {
  const Token token{evaluation.token_epoch, evaluation.token_counter};
  after_commit_.push_back([this, token, lease = ToLease(study, evaluation)] {
    deps_.leases.Insert(token, lease, deps_.clock.Steady());
  });
}

std::optional<Core::Holder> Core::FindTarget(Token token) {
  const auto found = state_.tokens.find(token.counter);
  if (token.epoch != state_.store_epoch || found == state_.tokens.end()) return std::nullopt;
  StudyState& study = state_.studies.at(found->second.study_id);
  if (found->second.evaluation) {
    return Holder{&study, &study.trials[*study.evaluated], true};
  }
  return Holder{&study, &study.trials[found->second.number], false};
}

std::optional<Core::Holder> Core::FindHolder(Token token) {
  auto holder = FindTarget(token);
  if (!holder) return std::nullopt;
  if (holder->evaluation) {
    const bool held = holder->study->evaluation->state == v1::TestEvaluation::RUNNING ||
                      ReviveEvaluation(*holder->study);
    return held ? holder : std::nullopt;
  }
  // Those that run on are being cancelled, some in each batch; the result stands already.
  if (holder->study->row.state == v1::Study::ENDED) return std::nullopt;
  const bool held =
      holder->trial->row.state == v1::Trial::RUNNING || ReviveTrial(*holder->study, *holder->trial);
  return held ? holder : std::nullopt;
}

bool Core::Revive(Token token, const std::string& worker_id) {
  const auto target = FindTarget(token);
  if (!target) return false;
  const std::string& owner =
      target->evaluation ? target->study->evaluation->worker_id : target->trial->attempt->worker_id;
  return owner == worker_id && FindHolder(token).has_value();
}

bool Core::ReviveTrial(StudyState& study, TrialState& trial) {
  if (trial.row.state != v1::Trial::WAITING ||
      trial.attempt->outcome != v1::Attempt::LEASE_EXPIRED) {
    return false;
  }
  trial.running_time -= RunningTime(*trial.attempt);
  trial.attempt->outcome = v1::Attempt::OUTCOME_UNSPECIFIED;
  trial.attempt->message.clear();
  trial.attempt->end_time = 0;
  trial.attempt->end_at = {};
  --trial.row.lost_leases;
  MoveTrial(study, trial, v1::Trial::RUNNING, "");
  batch_.push_back(*trial.attempt);
  InsertLease(study, trial.row.number, *trial.attempt);
  return true;
}

bool Core::ReviveEvaluation(StudyState& study) {
  storage::EvaluationRow& row = *study.evaluation;
  if (row.state != v1::TestEvaluation::WAITING) return false;
  row.state = v1::TestEvaluation::RUNNING;
  --row.lost_leases;
  batch_.push_back(row);
  InsertLease(study, row);
  return true;
}

absl::Status Core::CheckTarget(Token token, const std::string& study, int32_t number) const {
  const auto found = state_.tokens.find(token.counter);
  if (token.epoch != state_.store_epoch || found == state_.tokens.end()) return LeaseLost(token);
  const TokenTarget& target = found->second;
  const std::string& name = state_.studies.at(target.study_id).row.definition.name();
  if (target.evaluation || name != study || target.number != number) {
    return error::InvalidField("token",
                               absl::StrCat("belongs to trial ", target.number, " of study '", name,
                                            "', not to trial ", number, " of '", study, "'"));
  }
  return absl::OkStatus();
}

void Core::PutBack(StudyState& study, TrialState& trial, v1::Attempt::Outcome outcome,
                   const std::string& message) {
  CloseAttempt(trial, outcome, message);
  MoveTrial(study, trial, v1::Trial::WAITING, message);
}

void Core::PutBackEvaluation(StudyState& study) {
  storage::EvaluationRow& row = *study.evaluation;
  ReleaseLease(row);
  // Only an expired lease lives again.
  ForgetToken(state_, row);
  row.token_epoch = row.token_counter = 0;
  row.state = v1::TestEvaluation::WAITING;
  changed_.insert(study.row.definition.name());
  batch_.push_back(row);
}

void Core::PutBackOfOtherEpochs(int limit) {
  std::set<std::pair<int64_t, int32_t>>& left = state_.of_other_epochs;
  for (; limit > 0 && !left.empty(); --limit) {
    const auto [id, number] = *left.begin();
    left.erase(left.begin());
    const auto found = state_.studies.find(id);
    if (found == state_.studies.end()) continue;
    StudyState& study = found->second;
    if (number < 0) {
      if (study.evaluation->state == v1::TestEvaluation::RUNNING) PutBackEvaluation(study);
      continue;
    }
    TrialState& trial = study.trials[number];
    // An ENDED study's is about to be cancelled.
    if (trial.row.state != v1::Trial::RUNNING || study.row.state == v1::Study::ENDED) continue;
    PutBack(study, trial, v1::Attempt::GIVEN_BACK,
            "its lease is from before the store was restored");
  }
}

absl::StatusOr<v1::GiveBackWorkResponse> Core::GiveBack(const v1::GiveBackWorkRequest& request) {
  for (const v1::FencingToken& message : request.tokens()) {
    const auto target = FindTarget(ToToken(message));
    if (!target) continue;
    if (target->evaluation && target->study->evaluation->state == v1::TestEvaluation::RUNNING) {
      storage::EvaluationRow& row = *target->study->evaluation;
      if (const std::string& why = request.worker_trouble(); !why.empty()) {
        row.message = CouldNotDoIt(row.worker, why);
        NoteWorkerTrouble(target->study->row.id, row.worker_id, row.token_counter);
      }
      PutBackEvaluation(*target->study);
    } else if (!target->evaluation && target->trial->row.state == v1::Trial::RUNNING) {
      const std::string& worker = target->trial->attempt->worker;
      std::string message = GivenBackBy(worker);
      if (const std::string& why = request.worker_trouble(); !why.empty()) {
        message = CouldNotDoIt(worker, why);
        NoteWorkerTrouble(target->study->row.id, target->trial->attempt->worker_id,
                          target->trial->attempt->token_counter);
        PutBack(*target->study, *target->trial, v1::Attempt::GIVEN_BACK, message);
        NoteTrouble(*target->study, target->trial->row.number, message);
        continue;
      }
      if (request.unusable_checkpoint().empty() && Pause(*target->study, *target->trial)) continue;
      if (const std::string& why = request.unusable_checkpoint(); !why.empty()) {
        ForgetCheckpoint(*target->trial);
        absl::StrAppend(&message, ", which could not use its checkpoint: ", why);
      }
      if (MayGoOn(*target->study, *target->trial, message)) {
        PutBack(*target->study, *target->trial, v1::Attempt::GIVEN_BACK, message);
      }
    }
  }
  return v1::GiveBackWorkResponse();
}

void Core::NoteWorkerTrouble(int64_t study_id, const std::string& worker_id, int64_t token) {
  troubles_.Note(study_id, worker_id, token, state_.counters.next_token_counter,
                 deps_.clock.Steady());
}

void Core::NoteTrouble(StudyState& study, int32_t number, const std::string& message) {
  if (study.row.state != v1::Study::ACTIVE) return;
  study.row.message = absl::StrCat(WaitsText(number), message);
  Put(study);
}

void Core::ForgetTrouble(StudyState& study, int32_t number) {
  if (!absl::StartsWith(study.row.message, WaitsText(number))) return;
  study.row.message.clear();
  Put(study);
}

void Core::LoseGrant(Token token, absl::string_view why) {
  const auto target = FindTarget(token);
  if (!target) return;
  if (target->evaluation && target->study->evaluation->state == v1::TestEvaluation::RUNNING) {
    PutBackEvaluation(*target->study);
  } else if (!target->evaluation && target->trial->row.state == v1::Trial::RUNNING) {
    const storage::AttemptRow& attempt = *target->trial->attempt;
    const std::string who =
        attempt.worker_id.empty() ? "its asker" : absl::StrCat("worker ", attempt.worker);
    PutBack(*target->study, *target->trial, v1::Attempt::GIVEN_BACK, absl::StrCat(who, " ", why));
  }
}

void Core::LoseAnswer(Token token) {
  if (!FindTarget(token)) return;
  // Whoever asked again may have that answer: its token must stand.
  const auto given = repeats_.find(token.counter);
  const auto lost = std::count(lost_answers_.begin(), lost_answers_.end(), token.counter);
  if (given != repeats_.end() && given->second > lost) {
    lost_answers_.push_back(token.counter);
  } else {
    LoseGrant(token, "went away before it got it");
  }
}

void Core::CountLostAnswers() {
  for (const int64_t counter : lost_answers_) --repeats_.at(counter);
  lost_answers_.clear();
  if (repeats_.size() <= kManyRepeats) return;
  std::erase_if(repeats_, [this](const auto& item) {
    return item.second == 0 || !state_.tokens.contains(item.first);
  });
}

void Core::Leave(const std::string& worker_id, const std::vector<Token>& kept) {
  if (state_.workers.contains(worker_id)) {
    deps_.sightings.Saw(worker_id, deps_.clock.Steady(), /*leaving=*/true);
    placement_changed_ = true;
  }
  parked_.remove_if([&worker_id](const Poll& poll) {
    if (poll.worker_id != worker_id) return false;
    poll.Answer(absl::OkStatus());
    return true;
  });
  for (const auto& [token, lease] : deps_.leases.HeldBy(worker_id)) {
    if (std::find(kept.begin(), kept.end(), token) == kept.end()) {
      LoseGrant(token, "left without it");
    }
  }
}

void Core::Expire(Token token) {
  const auto target = FindTarget(token);
  if (!target) return;
  const int32_t allowed = target->study->row.definition.limits().max_attempts();
  if (target->evaluation) {
    storage::EvaluationRow& row = *target->study->evaluation;
    if (row.state != v1::TestEvaluation::RUNNING) return;
    row.state = v1::TestEvaluation::WAITING;
    if (++row.lost_leases >= allowed) {
      row.state = v1::TestEvaluation::FAILED;
      row.message =
          absl::StrCat("its lease was lost ", vocabulary::Counted(row.lost_leases, "time"),
                       ", last by worker ", row.worker);
    }
    ReleaseLease(row);
    changed_.insert(target->study->row.definition.name());
    batch_.push_back(row);
    return;
  }
  StudyState& study = *target->study;
  TrialState& trial = *target->trial;
  // An ENDED study's is about to be cancelled.
  if (trial.row.state != v1::Trial::RUNNING || study.row.state == v1::Study::ENDED) return;
  LoseAttempt(study, trial, v1::Attempt::LEASE_EXPIRED,
              absl::StrCat("the lease was not renewed in time by ", trial.attempt->worker));
}

void Core::LoseAttempt(StudyState& study, TrialState& trial, v1::Attempt::Outcome outcome,
                       const std::string& message) {
  ++trial.row.lost_leases;
  PutBack(study, trial, outcome, message);
  FailIfLostTooOften(study, trial);
}

void Core::FailIfLostTooOften(StudyState& study, TrialState& trial) {
  if (trial.row.lost_leases < study.row.definition.limits().max_attempts()) return;
  const std::string why = absl::StrCat(vocabulary::Counted(trial.row.lost_leases, "attempt"),
                                       " came to nothing (limits.max_attempts), the last on ",
                                       trial.attempt->worker, ": ", trial.row.message);
  MoveTrial(study, trial, v1::Trial::FAILED, why);
  NoteFailure(study, trial.row.number, why);
}

bool Core::MayGoOn(StudyState& study, TrialState& trial, const std::string& message) {
  // The built-in trainer's checkpoints lie between steps too: it goes on from where it was.
  if (!study.row.definition.trainer().has_command()) return true;
  const bool got_on = trial.row.last_step &&
                      (!trial.row.furthest_step || *trial.row.last_step > *trial.row.furthest_step);
  trial.row.fruitless = got_on ? 0 : trial.row.fruitless + 1;
  if (trial.row.fruitless < kFruitless) return true;
  EndBadly(study, trial, v1::Trial::FAILED,
           absl::StrCat("given back ", trial.row.fruitless,
                        " times in a row without a new step; let it write checkpoints more often, "
                        "or give it workers that stay; the last time ",
                        message));
  return false;
}

}  // namespace caviar::coordinator
