// Attempts: measurements, outcomes, and leases that end without one.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/outcome.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "storage/trial_state.h"

namespace caviar::coordinator {
namespace {

// Values of stale callers that one process keeps for one trial.
constexpr int64_t kLateOfATrial = 10'000;

// Whether a closed attempt ended as this request says.
bool SameOutcome(const storage::AttemptRow& attempt, const v1::FinishWorkRequest& request) {
  switch (request.outcome_case()) {
    case v1::FinishWorkRequest::kCompleted:
      return attempt.outcome == v1::Attempt::COMPLETED || IsWhyNotCompleted(attempt.message);
    case v1::FinishWorkRequest::kFailed:
      return attempt.outcome == v1::Attempt::FAILED &&
             attempt.message == request.failed().message();
    case v1::FinishWorkRequest::kInfeasible:
      return attempt.outcome == v1::Attempt::INFEASIBLE &&
             attempt.message == request.infeasible().message();
    case v1::FinishWorkRequest::kStopped:
      return attempt.outcome == v1::Attempt::GIVEN_BACK || attempt.outcome == v1::Attempt::PRUNED;
    case v1::FinishWorkRequest::kRunAgain:
      return attempt.outcome == v1::Attempt::RUN_AGAIN &&
             attempt.message == request.run_again().message();
    default:
      return false;
  }
}

// Whether the attempt's worker let go of the trial for another to train it.
bool LetGoOf(const storage::AttemptRow& attempt) {
  return attempt.outcome == v1::Attempt::GIVEN_BACK || attempt.outcome == v1::Attempt::RUN_AGAIN;
}

}  // namespace

void Core::MoveTrial(StudyState& study, TrialState& trial, v1::Trial::State to,
                     const std::string& message) {
  GOOGLE_CHECK(MayMove(trial.row.state, to))
      << v1::Trial::State_Name(trial.row.state) << " -> " << v1::Trial::State_Name(to);
  const int32_t number = trial.row.number;
  storage::Count(study.counts, trial.row.state, -1);
  storage::Count(study.counts, to, 1);
  study.waiting.erase(number);
  study.running.erase(number);
  study.paused.erase(number);
  study.released.erase(number);
  if (to == v1::Trial::WAITING) study.waiting.insert(number);
  if (to == v1::Trial::RUNNING) study.running.insert(number);
  if (to == v1::Trial::PAUSED) study.paused.insert(number);
  trial.row.state = to;
  trial.row.message = message;
  if (to != v1::Trial::WAITING) ForgetTrouble(study, number);
  if (IsFinal(to)) {
    trial.row.end_time = WallMicros();
    trial.row.final_order = storage::FinalTrials(study.counts);
    trial.row.final_at = Here();
    if (study.pruner) study.pruner->End(number);
    Settle(study, trial.configuration, number);
    EraseFiles(study, trial);
    trial.objective_values.clear();
    trial.other_values.clear();
    trial.reported.reset();
  }
  dirty_.insert(study.row.id);
  changed_.insert(study.row.definition.name());
  batch_.push_back(trial.row);
}

void Core::Settle(StudyState& study, int32_t configuration, std::optional<int32_t> written) {
  const int32_t first = study.configurations[configuration].trials.front();
  storage::TrialRow& row = study.trials[first].row;
  if (row.repeat_of) {
    row.repeats = SumUp(study, configuration);
    if (first != written) batch_.push_back(row);
  }
  if (IsComplete(study, configuration)) Observe(study, configuration);
  NoteBest(study, first);
}

void Core::CloseAttempt(TrialState& trial, v1::Attempt::Outcome outcome,
                        const std::string& message) {
  trial.attempt->outcome = outcome;
  trial.attempt->message = message;
  trial.attempt->end_time = WallMicros();
  trial.attempt->end_at = Here();
  if (trial.row.last_step) {
    trial.row.furthest_step =
        std::max(trial.row.furthest_step.value_or(*trial.row.last_step), *trial.row.last_step);
  }
  trial.running_time += RunningTime(*trial.attempt);
  ReleaseLease(*trial.attempt);
  batch_.push_back(*trial.attempt);
}

void Core::FollowCurve(StudyState& study, TrialState& trial, const std::string& metric,
                       int64_t step, double value) {
  if (metric == vocabulary::FirstObjective(study.row.definition).metric()) {
    const bool is_new = trial.objective_values.emplace(step, value).second;
    if (is_new && study.pruner) {
      study.pruner->Measure(trial.row.number, step, Loss(study, value));
    }
  } else if (study.other_metrics.contains(metric)) {
    trial.other_values[metric].emplace(step, value);
  }
}

absl::Status Core::StoreMeasurements(StudyState& study, TrialState& trial,
                                     const google::protobuf::RepeatedPtrField<v1::Measurement>& all,
                                     int32_t* conflicts) {
  const auto stored = TakeIn(study, trial, all);
  if (!stored.ok()) return stored.status();
  const int64_t time = WallMicros();
  int32_t in_batch = 0;
  for (const v1::Measurement& measurement : all) {
    // What is not beyond the last step may be there already: in the store, or in this batch.
    const bool known = trial.row.last_step && measurement.step() <= *trial.row.last_step;
    // Up to the step that it resumed from, the curve is the parent's.
    const bool on_curve =
        trial.attempt->parent_attempt == 0 || measurement.step() > trial.attempt->resumed_from_step;
    for (const auto& [metric, value] : measurement.metrics()) {
      storage::MeasurementRow row{
          trial.row.id, trial.attempt->number, metric, measurement.step(), value, time};
      if (on_curve) FollowCurve(study, trial, metric, measurement.step(), value);
      const std::tuple key(row.trial_id, row.attempt, row.step, metric);
      if (!known) {
        new_values_.emplace(key, value);
      } else if (const auto first = new_values_.find(key);
                 first != new_values_.end() &&
                 !(first->second == value || (std::isnan(first->second) && std::isnan(value)))) {
        ++in_batch;
      }
      batch_.push_back(std::move(row));
      ++values_;
    }
    trial.row.last_step = std::max(trial.row.last_step.value_or(0), measurement.step());
  }
  changed_.insert(study.row.definition.name());
  if (conflicts != nullptr) *conflicts = in_batch + stored->conflicts;
  return absl::OkStatus();
}

absl::Status Core::StoreLate(Token token,
                             const google::protobuf::RepeatedPtrField<v1::Measurement>& all) {
  const auto attempt = deps_.store.FindAttempt(token.epoch, token.counter);
  if (!attempt.ok()) return attempt.status();
  const int64_t trial_id = *attempt ? (*attempt)->trial_id : 0;
  int64_t& kept = new_late_of_trials_[trial_id];
  int64_t room = *attempt ? kLateOfATrial - late_of_trials_[trial_id] - kept : 0;
  for (const v1::Measurement& measurement : all) {
    for (const auto& [metric, value] : measurement.metrics()) {
      if (room <= 0) {
        ++new_late_.dropped;
        continue;
      }
      --room;
      ++kept;
      ++new_late_.kept;
      batch_.push_back(storage::LateMeasurementRow{trial_id, token.counter, metric,
                                                   measurement.step(), value, WallMicros()});
    }
  }
  return absl::OkStatus();
}

bool Core::WasToldToStop(const std::optional<Holder>& target,
                         const v1::ReportMeasurementsRequest& request) {
  if (!target || target->evaluation || target->trial->row.state != v1::Trial::PRUNED) return false;
  const int64_t last = target->trial->row.last_step.value_or(-1);
  return std::all_of(request.measurements().begin(), request.measurements().end(),
                     [last](const v1::Measurement& said) { return said.step() <= last; });
}

absl::StatusOr<v1::ReportMeasurementsResponse> Core::Report(
    const v1::ReportMeasurementsRequest& request) {
  const Token token = ToToken(request.token());
  const auto holder = FindHolder(token);
  if (!holder) {
    v1::ReportMeasurementsResponse again;
    again.set_directive(v1::DIRECTIVE_STOP);
    if (WasToldToStop(FindTarget(token), request)) return again;
    const absl::Status kept = StoreLate(token, request.measurements());
    return kept.ok() ? LeaseLost(token) : kept;
  }
  if (holder->evaluation) {
    return error::InvalidField("token", "is of a test evaluation, which reports no measurements");
  }
  v1::ReportMeasurementsResponse response;
  int32_t conflicts = 0;
  if (const absl::Status stored =
          StoreMeasurements(*holder->study, *holder->trial, request.measurements(), &conflicts);
      !stored.ok()) {
    return stored;
  }
  if (request.measurements_size() > 0) {
    troubles_.End(holder->study->row.id, holder->trial->attempt->worker_id, token.counter);
  }
  response.set_conflicts(conflicts);
  response.set_directive(Prune(*holder->study, *holder->trial));
  if (holder->study->row.definition.limits().has_max_steps()) {
    dirty_.insert(holder->study->row.id);
  }
  return response;
}

void Core::CompleteWith(StudyState& study, TrialState& trial, Outcome outcome) {
  if (outcome.state != v1::Trial::COMPLETED) {
    return EndBadly(study, trial, outcome.state, outcome.message);
  }
  trial.row.objective = outcome.objective;
  trial.row.objective_step = outcome.step;
  trial.row.outcome = std::move(outcome.values);
  trial.row.feasible = outcome.feasible;
  study.failures_in_a_row = 0;
  if (study.pruner) study.pruner->Complete(trial.row.number, Loss(study, outcome.objective));
  CloseAttempt(trial, v1::Attempt::COMPLETED, "");
  MoveTrial(study, trial, v1::Trial::COMPLETED, "");
}

void Core::EndBadly(StudyState& study, TrialState& trial, v1::Trial::State state,
                    const std::string& message) {
  CloseAttempt(trial, state == v1::Trial::FAILED ? v1::Attempt::FAILED : v1::Attempt::INFEASIBLE,
               message);
  MoveTrial(study, trial, state, message);
  if (state != v1::Trial::FAILED) {
    study.failures_in_a_row = 0;
    return;
  }
  NoteFailure(study, trial.row.number, message);
}

absl::StatusOr<v1::FinishWorkResponse> Core::Finish(const v1::FinishWorkRequest& request) {
  const Token token = ToToken(request.token());
  const auto holder = FindHolder(token);
  if (!holder) return FinishAgain(token, request);
  StudyState& study = *holder->study;
  if (holder->evaluation) return FinishEvaluation(study, request);
  TrialState& trial = *holder->trial;
  switch (request.outcome_case()) {
    case v1::FinishWorkRequest::kCompleted:
      CompleteWith(study, trial,
                   ReadOutcome(study.row.definition, trial.objective_values, trial.other_values));
      break;
    case v1::FinishWorkRequest::kFailed:
      EndBadly(study, trial, v1::Trial::FAILED, request.failed().message());
      break;
    case v1::FinishWorkRequest::kInfeasible:
      EndBadly(study, trial, v1::Trial::INFEASIBLE, request.infeasible().message());
      break;
    case v1::FinishWorkRequest::kStopped:
      PutBack(study, trial, v1::Attempt::GIVEN_BACK, "stopped as the coordinator said");
      break;
    case v1::FinishWorkRequest::kRunAgain:
      LoseAttempt(study, trial, v1::Attempt::RUN_AGAIN, request.run_again().message());
      break;
    default:
      return error::InvalidField(
          "outcome", "a trial ends completed, failed, infeasible, stopped or run_again");
  }
  if (IsFinal(trial.row.state)) {
    troubles_.End(study.row.id, trial.attempt->worker_id, trial.attempt->token_counter);
  }
  v1::FinishWorkResponse response;
  response.set_state(trial.row.state);
  return response;
}

absl::StatusOr<v1::FinishWorkResponse> Core::FinishEvaluation(
    StudyState& study, const v1::FinishWorkRequest& request) {
  storage::EvaluationRow& row = *study.evaluation;
  if (request.has_evaluated()) {
    row.state = v1::TestEvaluation::COMPLETED;
    row.metrics.insert(request.evaluated().metrics().begin(), request.evaluated().metrics().end());
    row.classes.assign(request.evaluated().classes().begin(), request.evaluated().classes().end());
  } else if (request.has_failed()) {
    row.state = v1::TestEvaluation::FAILED;
    row.message = request.failed().message();
  } else {
    return error::InvalidField("outcome", "a test evaluation ends evaluated or failed");
  }
  row.time = WallMicros();
  ReleaseLease(row);
  batch_.push_back(row);
  changed_.insert(study.row.definition.name());
  return v1::FinishWorkResponse();
}

absl::StatusOr<v1::FinishWorkResponse> Core::FinishAgain(Token token,
                                                         const v1::FinishWorkRequest& request) {
  const auto target = FindTarget(token);
  v1::FinishWorkResponse response;
  if (!target) {
    // Once the trial is another's, only the store knows how this attempt of it ended.
    const auto attempt = deps_.store.FindAttempt(token.epoch, token.counter);
    if (!attempt.ok()) return attempt.status();
    if (!*attempt || !LetGoOf(**attempt) || !SameOutcome(**attempt, request)) {
      return LeaseLost(token);
    }
    response.set_state(v1::Trial::WAITING);
    return response;
  }
  if (target->evaluation) {
    const v1::TestEvaluation::State state = target->study->evaluation->state;
    if ((request.has_evaluated() && state == v1::TestEvaluation::COMPLETED) ||
        (request.has_failed() && state == v1::TestEvaluation::FAILED)) {
      return response;
    }
  } else if (SameOutcome(*target->trial->attempt, request)) {
    response.set_state(target->trial->row.state);
    return response;
  }
  return LeaseLost(token);
}

absl::Status Core::CompleteAsTold(StudyState& study, TrialState& trial,
                                  const v1::TellCompleted& told) {
  google::protobuf::RepeatedPtrField<v1::Measurement> all;
  v1::Measurement& measurement = *all.Add();
  measurement.set_step(trial.row.last_step ? *trial.row.last_step + 1 : 0);
  *measurement.mutable_metrics() = told.metrics();
  if (const absl::Status stored = StoreMeasurements(study, trial, all, nullptr); !stored.ok()) {
    return stored;
  }
  CompleteWith(study, trial, OutcomeOf(study.row.definition, told.metrics(), measurement.step()));
  return absl::OkStatus();
}

absl::StatusOr<v1::Trial> Core::Tell(const v1::TellTrialRequest& request) {
  const Token token = ToToken(request.token());
  if (const absl::Status checked = CheckTarget(token, request.study(), request.number());
      !checked.ok()) {
    return checked;
  }
  if (request.outcome_case() == v1::TellTrialRequest::OUTCOME_NOT_SET) {
    return error::InvalidField("outcome", "is missing: completed, failed or infeasible");
  }
  Holder target = *FindTarget(token);
  StudyState& study = *target.study;
  TrialState& trial = *target.trial;
  const auto message = [&] { return ToMessage(request.study(), trial.row, trial.attempt); };
  const v1::Study& definition = study.row.definition;
  const auto& metrics = request.completed().metrics();
  if (request.has_completed()) {
    if (const absl::Status told = CheckTold(definition, metrics); !told.ok()) return told;
  }
  if (!FindHolder(token)) {
    const bool same = (request.has_completed() && CameTo(trial.row, definition, metrics)) ||
                      (request.has_failed() && trial.row.state == v1::Trial::FAILED) ||
                      (request.has_infeasible() && trial.row.state == v1::Trial::INFEASIBLE) ||
                      // It was ended early: whatever its loop makes of that, it knows the outcome.
                      trial.row.state == v1::Trial::PRUNED;
    if (same) return message();
    return LeaseLost(token);
  }
  if (request.has_completed()) {
    const absl::Status completed = CompleteAsTold(study, trial, request.completed());
    if (!completed.ok()) return completed;
  } else if (request.has_failed()) {
    EndBadly(study, trial, v1::Trial::FAILED, request.failed().message());
  } else {
    EndBadly(study, trial, v1::Trial::INFEASIBLE, request.infeasible().message());
  }
  return message();
}

}  // namespace caviar::coordinator
