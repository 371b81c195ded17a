#include "tests/storage/sample_rows.h"

#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"

namespace caviar::storage {
namespace {

std::string Bits(double value) {
  if (std::isnan(value)) return "nan";
  return absl::StrCat(value, "/", absl::Hex(std::bit_cast<uint64_t>(value)));
}

template <typename T>
std::string Optional(const std::optional<T>& value) {
  return value.has_value() ? absl::StrCat(*value) : "-";
}

std::string Text(const v1::Value& value) {
  return value.has_double_value() ? Bits(value.double_value()) : value.ShortDebugString();
}

std::string Text(const std::map<std::string, v1::Value>& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) absl::StrAppend(&text, name, "=", Text(value), ",");
  return text;
}

std::string OptionalBits(const std::optional<double>& value) { return value ? Bits(*value) : "-"; }

std::string Text(const Moment& moment) { return absl::StrCat(moment.commit, "/", moment.position); }

template <typename... Fields>
std::string Line(const Fields&... fields) {
  return absl::StrJoin({absl::StrCat(fields)...}, "|");
}

}  // namespace

StudyRow SampleStudy(int64_t id, const std::string& name) {
  StudyRow row;
  row.id = id;
  constexpr char kDefinition[] = R"pb(
    objective { metric: "accuracy" goal: MAXIMIZE value: LAST target: 0.95 }
    trainer {
      batch_norm_network {
        data {
          csv { train: "iris.csv" label: "kind" }
          validation_fraction: 0.1
        }
        epochs: 8
      }
    }
    sampler { algorithm: RANDOM seed: 4294967295 }
    limits {
      max_trials: 16
      parallel: 2
      max_duration { seconds: 3600 nanos: 500000000 }
      max_attempts: 3
    }
    parameters { name: "rate" type: DOUBLE min: 0.0001 max: 0.1 scale: LOG }
    parameters { name: "shift" type: DOUBLE min: 0 max: 1 }
    parameters {
      name: "optimizer"
      type: CATEGORICAL
      values { string_value: "sgd" }
      values { int_value: 9007199254740993 }
      values { bool_value: false }
    }
    parameters {
      name: "momentum"
      value { double_value: 0 }
      when {
        parameter: "optimizer"
        values { string_value: "sgd" }
      }
    }
    description: "f\303\274r 'alle' \"\\\n"
  )pb";
  google::protobuf::TextFormat::ParseFromString(kDefinition, &row.definition);
  row.definition.set_name(name);
  row.create_time = 1'700'000'000'000'001;
  row.active_time = 5;
  row.active_since = 1'700'000'000'000'002;
  return row;
}

StudyRow SampleStudyOfTwoObjectives(int64_t id, const std::string& name) {
  StudyRow row = SampleStudy(id, name);
  row.definition.clear_objective();
  v1::Objective& accuracy = *row.definition.add_objectives();
  accuracy.set_metric("accuracy");
  accuracy.set_goal(v1::Objective::MAXIMIZE);
  v1::Objective& latency = *row.definition.add_objectives();
  latency.set_metric("latency");
  latency.set_goal(v1::Objective::MINIMIZE);
  return row;
}

TrialRow SampleTrial(int64_t id, int64_t study_id, int32_t number, v1::Trial::State state) {
  TrialRow row;
  row.id = id;
  row.study_id = study_id;
  row.number = number;
  row.state = state;
  row.parameters["rate"].set_double_value(0.1 + 0.2);
  row.parameters["optimizer"].set_string_value("sgd");
  row.create_time = 1'700'000'000'000'000 + id;
  row.suggestion_commit = 1;
  row.final_order = 2;
  row.create_commit = 3;
  row.final_at = {4, 5};
  row.sampler_version = 6;
  row.numerics_fingerprint = "glibc 2.36 fma";
  row.furthest_step = 7;
  row.fruitless = 8;
  row.origin = v1::Trial::ADDED;
  return row;
}

TrialRow CompletedTrial(int64_t id, int64_t study_id, int32_t number,
                        std::optional<double> objective) {
  TrialRow row = SampleTrial(id, study_id, number, v1::Trial::COMPLETED);
  row.objective = objective;
  if (objective.has_value()) row.objective_step = 3;
  row.last_step = 8;
  row.start_time = row.create_time + 10;
  row.end_time = row.create_time + 100;
  return row;
}

TrialRow MeasuredTrial(int64_t id, int64_t study_id, int32_t number, double accuracy,
                       double latency, std::optional<bool> feasible) {
  TrialRow row = CompletedTrial(id, study_id, number, accuracy);
  row.outcome = {{"accuracy", accuracy}, {"latency", latency}};
  row.feasible = feasible;
  return row;
}

AttemptRow SampleAttempt(int64_t trial_id, int32_t number, int64_t token_counter) {
  AttemptRow row;
  row.trial_id = trial_id;
  row.number = number;
  row.worker = "node-7";
  row.worker_id = "0123456789abcdef";
  row.token_epoch = 77;
  row.token_counter = token_counter;
  row.request_client_id = "client";
  row.request_sequence = 4;
  row.start_time = 1'700'000'000'000'003;
  row.lease_duration = 60'000'000;
  row.numerics_fingerprint = "AVX-512, libm 2.36";
  row.start_at = {3, 1};
  row.end_at = {4, 2};
  return row;
}

MeasurementRow SampleMeasurement(int64_t trial_id, int32_t attempt, const std::string& metric,
                                 int64_t step, double value) {
  return {trial_id, attempt, metric, step, value, 1'700'000'000'000'004};
}

ArtifactRow SampleArtifact(int64_t trial_id, int32_t attempt, int64_t step,
                           v1::Artifact::Kind kind) {
  ArtifactRow row;
  row.trial_id = trial_id;
  row.attempt = attempt;
  row.kind = kind;
  row.step = step;
  row.size = int64_t{1} << 30;
  row.crc32 = 0xffffffff;
  row.file = absl::StrCat("artifacts/1/", trial_id, "/", attempt, "-weights-", step, ".bin");
  row.time = 1'700'000'000'000'005;
  return row;
}

PrunerDecisionRow SampleDecision(int64_t trial_id, int64_t step,
                                 v1::PrunerDecision::Decision decision) {
  return {trial_id, step, decision, "step 3: 0.5 is among the best 1 of 3", 1'700'000'000'000'007};
}

EvaluationRow SampleEvaluation(int64_t study_id, int64_t trial_id) {
  EvaluationRow row;
  row.study_id = study_id;
  row.trial_id = trial_id;
  row.state = v1::TestEvaluation::COMPLETED;
  row.metrics = {{"test_accuracy", 0.875}, {"test_loss", std::nan("")}};
  row.classes.resize(2);
  row.classes[0].set_name("Z\xc3\xbcrich, \"one\"");
  row.classes[0].set_precision(0.1);
  row.classes[0].set_recall(1);
  row.classes[0].set_f1(2.0 / 11);
  row.classes[0].set_examples(3'000'000'000);
  row.classes[0].add_predicted_as(3'000'000'000);
  row.classes[0].add_predicted_as(0);
  row.worker = "node-7";
  row.worker_id = "0123456789abcdef";
  row.token_epoch = 77;
  row.token_counter = 1000;
  row.request_client_id = "client";
  row.request_sequence = 9;
  row.lost_leases = 1;
  row.time = 1'700'000'000'000'006;
  return row;
}

WarmStartTrialRow SampleWarmStartTrial(int64_t study_id, int32_t source, int32_t number) {
  WarmStartTrialRow row;
  row.study_id = study_id;
  row.source = source;
  row.number = number;
  row.parameters["rate"].set_double_value(0.1 + 0.2);
  row.parameters["shift"].set_double_value(-0.0);
  row.parameters["optimizer"].set_string_value("Z\xc3\xbcrich, \"one\"");
  row.parameters["layers"].set_int_value(9007199254740993);
  row.parameters["nesterov"].set_bool_value(false);
  row.value = -1.0 / 3;
  row.variance = 5e-324;
  return row;
}

std::string Text(const StudyRow& row) {
  return Line("study", row.id, row.definition.ShortDebugString(), static_cast<int>(row.state),
              static_cast<int>(row.end_reason), row.message, row.create_time, row.end_time,
              row.active_time, row.active_since, row.deleted);
}

std::string Text(const TrialRow& row) {
  std::string outcome;
  for (const auto& [metric, value] : row.outcome) {
    absl::StrAppend(&outcome, metric, "=", Bits(value), ",");
  }
  const RepeatsRow repeats = row.repeats.value_or(RepeatsRow{-1, {}, {}, {}, {}});
  return Line("trial", row.id, row.study_id, row.number, static_cast<int>(row.state),
              Text(row.parameters), OptionalBits(row.objective), Optional(row.objective_step),
              Optional(row.last_step), row.message, row.create_time, row.start_time, row.end_time,
              row.lost_leases, row.suggestion_commit, row.final_order, static_cast<int>(row.origin),
              outcome, Optional(row.feasible), Optional(row.repeat_of), repeats.completed,
              OptionalBits(repeats.mean), OptionalBits(repeats.standard_error),
              static_cast<int>(repeats.state), Optional(repeats.feasible), row.create_commit,
              Text(row.final_at), row.sampler_version, row.numerics_fingerprint,
              Optional(row.furthest_step), row.fruitless);
}

std::string Text(const WarmStartTrialRow& row) {
  return Line("warm_start", row.study_id, row.source, row.number, Text(row.parameters),
              Bits(row.value), OptionalBits(row.variance));
}

std::string Text(const AttemptRow& row) {
  return Line("attempt", row.trial_id, row.number, row.worker, row.worker_id, row.token_epoch,
              row.token_counter, row.request_client_id, row.request_sequence,
              static_cast<int>(row.outcome), row.message, row.start_time, row.end_time,
              row.parent_attempt, row.resumed_from_step, row.lease_duration,
              row.numerics_fingerprint, row.numerics_changed, Text(row.start_at), Text(row.end_at));
}

std::string Text(const MeasurementRow& row) {
  return Line("measurement", row.trial_id, row.attempt, row.metric, row.step, Bits(row.value),
              row.time);
}

std::string Text(const PrunerDecisionRow& row) {
  return Line("decision", row.trial_id, row.step, static_cast<int>(row.decision), row.reason,
              row.time);
}

std::string Text(const ArtifactRow& row) {
  return Line("artifact", row.trial_id, row.attempt, static_cast<int>(row.kind), row.step, row.size,
              row.crc32, row.file, row.time);
}

std::string Text(const EvaluationRow& row) {
  std::string metrics;
  for (const auto& [name, value] : row.metrics) {
    absl::StrAppend(&metrics, name, "=", Bits(value), ",");
  }
  for (const v1::ClassResult& result : row.classes) {
    absl::StrAppend(&metrics, "{", result.ShortDebugString(), Bits(result.f1()), "},");
  }
  return Line("evaluation", row.study_id, row.trial_id, static_cast<int>(row.state), metrics,
              row.message, row.worker, row.worker_id, row.token_epoch, row.token_counter,
              row.request_client_id, row.request_sequence, row.lost_leases, row.time);
}

std::string Text(const WorkerRow& row) {
  return Line("worker", row.id, row.name, row.version, row.slots, absl::StrJoin(row.features, ","),
              absl::StrJoin(row.labels, ",", absl::PairFormatter("=")), row.register_time,
              row.numerics_fingerprint, row.resources.ShortDebugString());
}

std::string Text(const StudyActivationRow& row) {
  return Line("activation", row.study_id, row.final_trials);
}

std::string Text(const RequestRow& row) {
  return Line("request", row.client_id, row.sequence, row.method, row.body_crc32, row.response,
              row.time);
}

std::string Text(const CountersRow& row) {
  return Line("counters", row.next_study_id, row.next_trial_id, row.next_token_counter);
}

std::string Text(const StudyReading& reading) {
  return Line(Text(reading.study), reading.counts.ShortDebugString(),
              reading.best.has_value() ? Text(*reading.best) : "-",
              reading.evaluation.has_value() ? Text(*reading.evaluation) : "-",
              Optional(reading.evaluated), reading.commit);
}

std::string Text(const TrialReading& reading) {
  return absl::StrCat(Text(reading.trial), "\n", Text(reading.attempts), Text(reading.measurements),
                      Text(reading.artifacts), Text(reading.pruner_decisions));
}

std::string Text(const Snapshot& snapshot) {
  return absl::StrCat("commit ", snapshot.commit, "\n", Text(snapshot.counters), "\n",
                      Text(snapshot.studies), Text(snapshot.trials), Text(snapshot.attempts),
                      Text(snapshot.evaluations), Text(snapshot.artifacts),
                      Text(snapshot.pruner_decisions), Text(snapshot.workers),
                      Text(snapshot.warm_start_trials), Text(snapshot.study_activations));
}

std::vector<int32_t> Numbers(const std::vector<TrialReading>& readings) {
  std::vector<int32_t> numbers;
  for (const TrialReading& reading : readings) numbers.push_back(reading.trial.number);
  return numbers;
}

}  // namespace caviar::storage
