// Trials by a person's hand: queued configurations, results that were never asked for, trials run
// once more, and trials that are cancelled.
#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

constexpr char kTold[] = "(told)";

// The trial's place. NOT_FOUND: there is none of this number.
absl::StatusOr<size_t> FindNumber(const StudyState& study, int32_t number) {
  if (number >= 0 && static_cast<size_t>(number) < study.trials.size()) {
    return static_cast<size_t>(number);
  }
  const std::string& name = study.row.definition.name();
  return absl::NotFoundError(absl::StrCat("study '", name, "' has no trial ", number,
                                          "; 'caviar trial list ", name,
                                          "' shows those there are"));
}

// The first trial at the point of a new one; nullptr: there is none.
const TrialState* FindTwin(const StudyState& study, const search_space::Point& point) {
  for (const TrialState& trial : study.trials) {
    if (trial.point == point) return &trial;
  }
  return nullptr;
}

// A configuration that lacks a repeat at this point: the number of its first trial.
std::optional<int32_t> FindToRepeat(const StudyState& study, const search_space::Point& point) {
  for (const int32_t index : study.to_repeat) {
    const TrialState& first = FirstTrial(study, index);
    if (first.point == point) return first.row.number;
  }
  return std::nullopt;
}

}  // namespace

absl::Status Core::AddRefusal(const StudyState& study, bool told, bool is_new) const {
  const v1::Limits& limits = study.row.definition.limits();
  const std::string& name = study.row.definition.name();
  const auto configurations = static_cast<int32_t>(study.configurations.size());
  if (study.row.state == v1::Study::ENDED) {
    return absl::FailedPreconditionError(absl::StrCat(
        "study '", name, "' has ended (", v1::Study::EndReason_Name(study.row.end_reason),
        ") and takes no more trials; 'caviar study update ", name,
        "' with wider limits lets it go on"));
  }
  if (is_new && limits.has_max_trials() && configurations >= limits.max_trials()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "study '", name, "' has ",
        vocabulary::Counted(configurations,
                            RepeatsOf(study.row.definition) > 1 ? "configuration" : "trial"),
        ", and limits.max_trials is ", limits.max_trials(), "; raise it with 'caviar study update ",
        name, " --max-trials'"));
  }
  if (!MayGrow(study)) return TooManyTrials(study);
  if (!told && StepsAreUsedUp(study)) {
    return absl::FailedPreconditionError(
        absl::StrCat("study '", name, "' has trained all of its ",
                     vocabulary::Counted(limits.max_steps(), "step"),
                     " (limits.max_steps), so the configuration would never be tried"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Trial> Core::AddTrial(const v1::AddTrialRequest& request) {
  return Once<v1::Trial>(request, "AddTrial", [&]() -> absl::StatusOr<v1::Trial> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    search_space::Configuration configuration = ToConfiguration(*study.space, request.parameters());
    const auto point = study.space->ToPoint(configuration);
    if (!point.ok()) return point.status();
    if (!study.space->model().Allows(*point)) {
      return error::InvalidField("parameters", kBreaksConstraints);
    }
    if (request.has_completed()) {
      const absl::Status told = CheckTold(study.row.definition, request.completed().metrics());
      if (!told.ok()) return told;
      const absl::Status checked = CheckResult(study, request.completed().metrics());
      if (!checked.ok()) return checked;
    }
    // What is told of a configuration that is to be repeated is one of its repeats.
    const auto repeat_of = request.has_completed() ? FindToRepeat(study, *point) : std::nullopt;
    const absl::Status refusal = AddRefusal(study, request.has_completed(), !repeat_of);
    if (!refusal.ok()) return refusal;
    const TrialState* twin = FindTwin(study, *point);
    const std::string note =
        twin == nullptr ? "" : absl::StrCat("the same configuration as trial ", twin->row.number);

    TrialState& trial = QueueTrial(study, std::move(configuration), repeat_of);
    if (request.has_completed()) {
      const absl::Status recorded = RecordTold(study, trial, request);
      if (!recorded.ok()) return recorded;
    }
    if (trial.row.message.empty()) trial.row.message = note;
    return AddedMessage(study, trial);
  });
}

TrialState& Core::QueueTrial(StudyState& study, search_space::Configuration configuration,
                             std::optional<int32_t> repeat_of) {
  // What was suggested does not know of this trial.
  study.ready.clear();
  study.waiting_for_fresh.reset();
  return study.trials[AppendTrial(study, std::move(configuration), v1::Trial::ADDED, SeenCommit(),
                                  repeat_of)];
}

v1::Trial Core::AddedMessage(StudyState& study, const TrialState& trial) {
  batch_.push_back(trial.row);
  dirty_.insert(study.row.id);
  changed_.insert(study.row.definition.name());
  return ToMessage(study.row.definition.name(), trial.row, trial.attempt);
}

absl::StatusOr<v1::Trial> Core::RetryTrial(const v1::RetryTrialRequest& request) {
  return Once<v1::Trial>(request, "RetryTrial", [&]() -> absl::StatusOr<v1::Trial> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    const auto number = FindNumber(study, request.number());
    if (!number.ok()) return number.status();
    const storage::TrialRow& row = study.trials[*number].row;
    if (!IsFinal(row.state)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "trial ", row.number, " of study '", request.study(), "' is ",
          v1::Trial::State_Name(row.state), ": wait until it ends, or 'caviar trial cancel ",
          request.study(), " ", row.number, "' first"));
    }
    const absl::Status refusal = AddRefusal(study, /*told=*/false, /*is_new=*/true);
    if (!refusal.ok()) return refusal;
    TrialState& trial = QueueTrial(study, row.parameters, std::nullopt);
    trial.row.message = absl::StrCat("trial ", request.number(), " once more");
    return AddedMessage(study, trial);
  });
}

absl::StatusOr<v1::CancelTrialsResponse> Core::CancelTrials(
    const v1::CancelTrialsRequest& request) {
  using Response = v1::CancelTrialsResponse;
  return Once<Response>(request, "CancelTrials", [&]() -> absl::StatusOr<Response> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    for (const int32_t wanted : request.numbers()) {
      const auto number = FindNumber(study, wanted);
      if (!number.ok()) return number.status();
      const v1::Trial::State state = study.trials[*number].row.state;
      if (!IsFinal(state) || state == v1::Trial::CANCELLED) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("trial ", wanted, " of study '", request.study(), "' is ",
                       v1::Trial::State_Name(state), " already; none was cancelled"));
    }
    Response response;
    for (const int32_t number : request.numbers()) {
      TrialState& trial = study.trials[static_cast<size_t>(number)];
      if (!IsFinal(trial.row.state)) Cancel(study, trial);
      *response.add_trials() = ToMessage(request.study(), trial.row, trial.attempt);
    }
    return response;
  });
}

void Core::Cancel(StudyState& study, TrialState& trial) {
  const std::string message = "cancelled by a person";
  if (trial.row.state == v1::Trial::RUNNING) {
    CloseAttempt(trial, v1::Attempt::CANCELLED, message);
  }
  MoveTrial(study, trial, v1::Trial::CANCELLED, message);
}

// By the way of every trial, so that all that hold of one hold of it.
absl::Status Core::RecordTold(StudyState& study, TrialState& trial,
                              const v1::AddTrialRequest& request) {
  const Token token = NewToken();
  storage::AttemptRow attempt;
  attempt.trial_id = trial.row.id;
  attempt.number = 1;
  attempt.worker = kTold;
  attempt.token_epoch = token.epoch;
  attempt.token_counter = token.counter;
  attempt.request_client_id = request.request_id().client_id();
  attempt.request_sequence = request.request_id().sequence();
  attempt.start_time = WallMicros();
  attempt.start_at = Here();
  trial.row.start_time = attempt.start_time;
  MoveTrial(study, trial, v1::Trial::RUNNING, "");
  trial.attempt = attempt;
  batch_.push_back(std::move(attempt));
  state_.tokens[token.counter] = {study.row.id, trial.row.number, false};
  return CompleteAsTold(study, trial, request.completed());
}

}  // namespace caviar::coordinator
