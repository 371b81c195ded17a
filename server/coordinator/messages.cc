#include "server/coordinator/messages.h"

#include <algorithm>
#include <string>

#include "absl/types/span.h"
#include "server/sampling/auto_sampler.h"

namespace caviar::coordinator {
namespace {

google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  google::protobuf::Timestamp time;
  time.set_seconds(micros / 1'000'000);
  time.set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
  return time;
}

v1::Attempt ToMessage(const storage::AttemptRow& row) {
  v1::Attempt attempt;
  attempt.set_number(row.number);
  attempt.set_worker(row.worker);
  attempt.set_worker_id(row.worker_id);
  attempt.mutable_token()->set_epoch(row.token_epoch);
  attempt.mutable_token()->set_counter(row.token_counter);
  attempt.set_outcome(row.outcome);
  attempt.set_message(row.message);
  *attempt.mutable_start_time() = ToTimestamp(row.start_time);
  if (row.end_time != 0) *attempt.mutable_end_time() = ToTimestamp(row.end_time);
  attempt.set_parent_attempt(row.parent_attempt);
  attempt.set_resumed_from_step(row.resumed_from_step);
  attempt.set_numerics_fingerprint(row.numerics_fingerprint);
  attempt.set_numerics_changed(row.numerics_changed);
  return attempt;
}

void AddMeasurements(const std::vector<storage::MeasurementRow>& rows, v1::Trial& trial) {
  for (const auto& row : rows) {
    auto& all = *trial.mutable_measurements();
    if (all.empty() || all.rbegin()->step() != row.step) {
      all.Add()->set_step(row.step);
      *all.rbegin()->mutable_time() = ToTimestamp(row.time);
    }
    (*all.rbegin()->mutable_metrics())[row.metric] = row.value;
  }
}

v1::Trial ToMessage(const std::string& study, const storage::TrialRow& row,
                    absl::Span<const storage::AttemptRow> attempts) {
  v1::Trial trial;
  trial.set_study(study);
  trial.set_number(row.number);
  trial.set_state(row.state);
  for (const auto& [name, value] : row.parameters) (*trial.mutable_parameters())[name] = value;
  if (row.objective) trial.set_objective(*row.objective);
  if (row.objective_step) trial.set_objective_step(*row.objective_step);
  if (row.last_step) trial.set_last_step(*row.last_step);
  for (const auto& [metric, value] : row.outcome) (*trial.mutable_outcome())[metric] = value;
  if (row.feasible) trial.set_feasible(*row.feasible);
  trial.set_message(row.message);
  trial.set_origin(row.origin);
  trial.set_revision(row.revision);
  *trial.mutable_create_time() = ToTimestamp(row.create_time);
  if (row.start_time != 0) *trial.mutable_start_time() = ToTimestamp(row.start_time);
  if (row.end_time != 0) *trial.mutable_end_time() = ToTimestamp(row.end_time);
  trial.set_lost_leases(row.lost_leases);
  if (row.repeat_of) trial.set_repeat_of(*row.repeat_of);
  if (row.repeats) {
    v1::Repeats& repeats = *trial.mutable_repeats();
    repeats.set_completed(row.repeats->completed);
    if (row.repeats->mean) repeats.set_mean(*row.repeats->mean);
    if (row.repeats->standard_error) repeats.set_standard_error(*row.repeats->standard_error);
    if (row.repeats->feasible) repeats.set_feasible(*row.repeats->feasible);
  }
  for (const auto& attempt : attempts) *trial.add_attempts() = ToMessage(attempt);
  if (!attempts.empty()) trial.set_worker(attempts.back().worker);
  return trial;
}

}  // namespace

google::protobuf::Duration ToMessage(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

absl::Duration FromMessage(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

v1::Study ToMessage(const storage::StudyReading& reading, int64_t now) {
  const storage::StudyRow& row = reading.study;
  v1::Study study = row.definition;
  study.set_state(row.state);
  study.set_end_reason(row.end_reason);
  study.set_message(row.message);
  study.set_revision(row.revision);
  *study.mutable_create_time() = ToTimestamp(row.create_time);
  if (row.end_time != 0) *study.mutable_end_time() = ToTimestamp(row.end_time);
  *study.mutable_trial_counts() = reading.counts;
  if (reading.best) {
    study.set_best_trial(reading.best->number);
    study.set_best_objective(reading.best->repeats ? *reading.best->repeats->mean
                                                   : *reading.best->objective);
    if (reading.best->repeats && reading.best->repeats->standard_error) {
      study.set_best_standard_error(*reading.best->repeats->standard_error);
    }
  }
  if (reading.evaluation) {
    const storage::EvaluationRow& evaluation = *reading.evaluation;
    v1::TestEvaluation& message = *study.mutable_test_evaluation();
    message.set_state(evaluation.state);
    if (reading.evaluated) message.set_trial(*reading.evaluated);
    for (const auto& [name, value] : evaluation.metrics) (*message.mutable_metrics())[name] = value;
    message.set_message(evaluation.message);
    message.set_worker(evaluation.worker);
    message.mutable_classes()->Add(evaluation.classes.begin(), evaluation.classes.end());
  }
  if (row.definition.sampler().algorithm() == v1::Sampler::AUTO) {
    study.set_sampler_reason(sampling::Choose(row.definition).reason);
  }
  const int64_t since = row.active_since == 0 ? 0 : std::max<int64_t>(0, now - row.active_since);
  *study.mutable_active_duration() = ToMessage(absl::Microseconds(row.active_time + since));
  return study;
}

const storage::ArtifactRow* FindKept(const storage::TrialReading& trial, v1::Artifact::Kind kind) {
  for (const auto& artifact : trial.artifacts) {
    if (artifact.kind == kind && trial.trial.objective_step == artifact.step &&
        !trial.attempts.empty() && artifact.attempt == trial.attempts.back().number) {
      return &artifact;
    }
  }
  return nullptr;
}

v1::Trial ToMessage(const std::string& study, const storage::TrialRow& row,
                    const std::optional<storage::AttemptRow>& newest) {
  return ToMessage(study, row, absl::MakeConstSpan(newest ? &*newest : nullptr, newest ? 1 : 0));
}

v1::Trial ToMessage(const std::string& study, const storage::TrialReading& reading, bool full) {
  v1::Trial trial = ToMessage(study, reading.trial, reading.attempts);
  if (!full) return trial;
  AddMeasurements(reading.measurements, trial);
  for (const storage::PrunerDecisionRow& row : reading.pruner_decisions) {
    v1::PrunerDecision& decision = *trial.add_pruner_decisions();
    decision.set_step(row.step);
    decision.set_decision(row.decision);
    decision.set_reason(row.reason);
    *decision.mutable_time() = ToTimestamp(row.time);
  }
  if (const auto* file = FindKept(reading, v1::Artifact::WEIGHTS)) {
    trial.set_weights_file(file->file);
  }
  if (const auto* file = FindKept(reading, v1::Artifact::MODEL)) trial.set_model_file(file->file);
  for (const storage::ArtifactRow& row : reading.artifacts) {
    if (row.kind == v1::Artifact::CHECKPOINT) trial.add_checkpoint_files(row.file);
  }
  return trial;
}

v1::Artifact ToMessage(const std::string& study, int32_t trial, const storage::ArtifactRow& row) {
  v1::Artifact artifact;
  artifact.set_study(study);
  artifact.set_trial(trial);
  artifact.set_attempt(row.attempt);
  artifact.set_kind(row.kind);
  artifact.set_step(row.step);
  artifact.set_size(row.size);
  artifact.set_crc32(row.crc32);
  return artifact;
}

v1::PrunerDecision::Decision ToDecision(pruning::Act act) {
  switch (act) {
    case pruning::Act::kContinue:
      return v1::PrunerDecision::CONTINUE;
    case pruning::Act::kStop:
      return v1::PrunerDecision::STOP;
    case pruning::Act::kPause:
      return v1::PrunerDecision::PAUSE;
    case pruning::Act::kPromote:
      return v1::PrunerDecision::PROMOTE;
  }
  return v1::PrunerDecision::DECISION_UNSPECIFIED;
}

}  // namespace caviar::coordinator
