#include "tests/server/coordinator/simulation/inspection.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator::simulation {
namespace {

void InspectTrial(World& world, const StudyState& study, const TrialState& trial) {
  const std::string name =
      absl::StrCat("trial ", trial.row.number, " of ", study.row.definition.name(), ": ");
  int checkpoints = 0;
  for (const storage::ArtifactRow& row : trial.artifacts) {
    if (!world.process.files.contains(row.file)) world.Fault(name + "a row without its file");
    checkpoints += row.kind == v1::Artifact::CHECKPOINT ? 1 : 0;
  }
  if (checkpoints > (IsFinal(trial.row.state) ? 0 : 1)) world.Fault(name + "too many checkpoints");
  if (trial.row.state != v1::Trial::RUNNING || study.row.state == v1::Study::ENDED) return;
  const Token token{trial.attempt->token_epoch, trial.attempt->token_counter};
  if (!world.process.leases().Find(token)) world.Fault(name + "it runs without a lease");
}

// What people see is what was trained, over all attempts.
void InspectCurve(World& world, const StudyState& study, const TrialState& trial) {
  if (!trial.attempt) return;
  const auto finished =
      world.finished.find({trial.attempt->token_epoch, trial.attempt->token_counter});
  if (finished == world.finished.end()) return;
  const std::string name =
      absl::StrCat("trial ", trial.row.number, " of ", study.row.definition.name(), ": ");
  const auto reading = world.memory.GetTrial(study.row.id, trial.row.number, true);
  if (!reading.ok()) return world.Fault(name + reading.status().ToString());
  Curve curve;
  for (const storage::MeasurementRow& row : reading->measurements) curve[row.step] = row.value;
  if (curve != finished->second) world.Fault(name + "its curve is not what was trained");
  if (trial.row.state != v1::Trial::COMPLETED || curve.empty()) return;
  const auto best = std::max_element(
      curve.begin(), curve.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (trial.row.last_step != kEpochs || trial.row.objective != best->second ||
      trial.row.objective_step != best->first) {
    world.Fault(name + "its objective is not the best value of its curve");
  }
}

// Counted again from the trials alone.
void InspectConfigurations(World& world, const StudyState& study) {
  const int repeats = RepeatsOf(study.row.definition);
  for (size_t index = 0; index < study.configurations.size(); ++index) {
    const ConfigurationState& configuration = study.configurations[index];
    if (configuration.place == 0) continue;
    int completed = 0;
    double sum = 0;
    v1::Trial::State state =
        study.trials[static_cast<size_t>(configuration.trials.front())].row.state;
    for (const int32_t number : configuration.trials) {
      const TrialState& trial = study.trials[static_cast<size_t>(number)];
      if (trial.row.state == v1::Trial::FAILED) state = v1::Trial::FAILED;
      if (trial.row.state != v1::Trial::COMPLETED) continue;
      ++completed;
      sum += *trial.row.objective;
    }
    const sampling::Observation& seen = study.history[static_cast<size_t>(configuration.place) - 1];
    if (completed > 0) state = v1::Trial::COMPLETED;
    const bool right = seen.number == static_cast<int32_t>(index) && seen.state == state &&
                       (completed == 0 || std::abs(seen.value + sum / completed) < 1e-12) &&
                       seen.variance.has_value() == (repeats > 1 && completed > 1);
    if (!right) {
      world.Fault(absl::StrCat("configuration ", index, " of ", study.row.definition.name(),
                               " is not what its trials came to"));
    }
  }
}

// The best trial's weights were there, and the first end that was answered stays.
void InspectEvaluation(World& world, const StudyState& study) {
  const std::string name = absl::StrCat("the evaluation of ", study.row.definition.name());
  const bool is_due = HasTestSet(study.row.definition) && study.best;
  if (study.evaluation.has_value() != is_due) {
    return world.Fault(name + (is_due ? " is missing" : " should not be there"));
  }
  if (!is_due) return;
  const storage::EvaluationRow& row = *study.evaluation;
  const std::string metrics = absl::StrJoin(row.metrics, " ", absl::PairFormatter("="));
  if (row.state == v1::TestEvaluation::FAILED &&
      row.lost_leases < study.row.definition.limits().max_attempts() &&
      study.trials[static_cast<size_t>(*study.evaluated)].attempt->worker_id != "") {
    world.Fault(absl::StrCat(name, " failed: ", row.message));
  }
  const auto answered = world.evaluated.find({row.token_epoch, row.token_counter});
  const auto stored = row.metrics.find(kTestMetric);
  if (answered == world.evaluated.end()) return;
  if (stored == row.metrics.end() || stored->second != answered->second) {
    world.Fault(absl::StrCat(name, " is ", metrics, ", and ", answered->second, " was answered"));
  }
}

}  // namespace

std::string DescribeMemory(const State& state) {
  std::string text;
  for (const auto& [id, study] : state.studies) {
    absl::StrAppend(&text, study.row.definition.name(), " ", study.row.state, " best ",
                    study.best.value_or(-1), " pending ", absl::StrJoin(study.pending, ","),
                    " to repeat ", absl::StrJoin(study.to_repeat, ","), " trials ");
    for (const TrialState& trial : study.trials) {
      absl::StrAppend(&text, trial.row.state, "/", trial.row.lost_leases, "/",
                      trial.row.last_step.value_or(-1), "/", trial.objective_values.size(), "/",
                      IsFinal(trial.row.state) ? -1 : trial.pausing.value_or(-1), " ");
    }
    for (size_t i = 0; i < study.history.size(); ++i) {
      const sampling::Observation& one = study.history[i];
      absl::StrAppend(&text, one.number, ":", one.state, ":", std::bit_cast<uint64_t>(one.value),
                      ":", std::bit_cast<uint64_t>(one.variance.value_or(-1)), " ");
    }
  }
  return text;
}

void Inspect(World& world) {
  if (!world.process.up()) return;
  const State& state = world.process.core().state();
  int64_t running = 0;
  for (const auto& [id, study] : state.studies) {
    for (const TrialState& trial : study.trials) InspectTrial(world, study, trial);
    running += study.counts.running();
    const auto& evaluation = study.evaluation;
    if (evaluation && evaluation->state == v1::TestEvaluation::RUNNING) ++running;
  }
  // Those of ENDED studies are being cancelled.
  if (state.ending.empty() && running != world.process.leases().size()) {
    world.Fault(
        absl::StrCat(running, " trials run under ", world.process.leases().size(), " leases"));
  }
}

void InspectEnd(World& world) {
  for (const auto& [id, study] : world.process.core().state().studies) {
    InspectEvaluation(world, study);
    InspectConfigurations(world, study);
    for (const TrialState& trial : study.trials) {
      if (!IsFinal(trial.row.state)) {
        world.Fault(absl::StrCat("trial ", trial.row.number, " of the ended study ",
                                 study.row.definition.name(), " is open"));
      }
      InspectCurve(world, study, trial);
    }
  }
}

}  // namespace caviar::coordinator::simulation
