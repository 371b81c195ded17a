#include "server/coordinator/repeats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

const TrialState& First(const StudyState& study, int32_t configuration) {
  return study.trials[study.configurations[configuration].trials.front()];
}

// COMPLETED trials' objectives.
std::vector<double> Objectives(const StudyState& study, int32_t configuration) {
  std::vector<double> objectives;
  for (const int32_t number : study.configurations[configuration].trials) {
    const storage::TrialRow& row = study.trials[number].row;
    if (row.state == v1::Trial::COMPLETED && row.objective) objectives.push_back(*row.objective);
  }
  return objectives;
}

// In long double, whose range holds sums and squares of what doubles can be.
void FillMean(const std::vector<double>& objectives, storage::RepeatsRow& row) {
  if (objectives.empty()) return;
  const auto count = static_cast<long double>(objectives.size());
  long double sum = 0;
  for (const double objective : objectives) sum += objective;
  const long double mean = sum / count;
  row.mean = static_cast<double>(mean);
  if (objectives.size() < 2) return;
  long double squares = 0;
  for (const double objective : objectives) squares += (objective - mean) * (objective - mean);
  const long double error = std::sqrt(squares / (count - 1) / count);
  row.standard_error =
      static_cast<double>(std::min<long double>(error, std::numeric_limits<double>::max()));
}

bool AllFinal(const StudyState& study, int32_t configuration) {
  const auto& trials = study.configurations[configuration].trials;
  return std::all_of(trials.begin(), trials.end(),
                     [&study](int32_t number) { return IsFinal(study.trials[number].row.state); });
}

v1::Trial::State StateOf(const StudyState& study, int32_t configuration) {
  const auto any = [&](v1::Trial::State state) {
    const auto& trials = study.configurations[configuration].trials;
    return std::any_of(trials.begin(), trials.end(),
                       [&](int32_t number) { return study.trials[number].row.state == state; });
  };
  for (const auto state : {v1::Trial::INFEASIBLE, v1::Trial::COMPLETED, v1::Trial::FAILED}) {
    if (any(state)) return state;
  }
  return v1::Trial::CANCELLED;
}

// What NoteBest compares; the smallest is the best.
std::tuple<int32_t, double, int32_t> Rank(const StudyState& study, int32_t first) {
  const storage::TrialRow& row = study.trials[first].row;
  return {row.repeats ? -row.repeats->completed : 0, Loss(study, *ObjectiveOf(study, first)),
          first};
}

}  // namespace

int32_t RepeatsOf(const v1::Study& study) { return std::max(study.repeats(), 1); }

void PlaceTrial(StudyState& study, TrialState trial) {
  const int32_t number = trial.row.number;
  const int32_t first = trial.row.repeat_of.value_or(number);
  if (first == number) {
    trial.configuration = static_cast<int32_t>(study.configurations.size());
    study.configurations.emplace_back();
    study.pending.insert(trial.configuration);
  } else {
    trial.configuration = ConfigurationOf(study, first);
  }
  const int32_t index = trial.configuration;
  std::vector<int32_t>& trials = study.configurations[index].trials;
  trials.push_back(number);
  if (static_cast<int32_t>(trials.size()) < RepeatsOf(study.row.definition)) {
    study.to_repeat.insert(index);
  } else {
    study.to_repeat.erase(index);
  }
  study.trials.push_back(std::move(trial));
}

int32_t ConfigurationOf(const StudyState& study, int32_t first) {
  return study.trials[first].configuration;
}

bool IsComplete(const StudyState& study, int32_t configuration) {
  return !study.to_repeat.contains(configuration) && AllFinal(study, configuration);
}

storage::RepeatsRow SumUp(const StudyState& study, int32_t configuration) {
  storage::RepeatsRow row;
  const std::vector<double> objectives = Objectives(study, configuration);
  row.completed = static_cast<int32_t>(objectives.size());
  FillMean(objectives, row);
  const bool cut_short = study.row.state == v1::Study::ENDED && AllFinal(study, configuration);
  if (cut_short || IsComplete(study, configuration)) row.state = StateOf(study, configuration);
  return row;
}

void Observe(StudyState& study, int32_t configuration) {
  const TrialState& first = First(study, configuration);
  sampling::Observation observation;
  observation.number = configuration;
  observation.state = first.row.state;
  observation.value = Loss(study, first.row.objective.value_or(0));
  observation.point = first.point;
  if (first.row.repeats) {
    const storage::RepeatsRow& repeats = *first.row.repeats;
    observation.state = repeats.state;
    observation.value = Loss(study, repeats.mean.value_or(0));
    if (repeats.standard_error) {
      observation.variance = std::min(*repeats.standard_error * *repeats.standard_error,
                                      std::numeric_limits<double>::max());
    }
  }
  if (study.pruner) observation.rungs = study.pruner->RungValues(first.row.number);
  study.history.Add(std::move(observation));
  study.configurations[configuration].place = static_cast<int64_t>(study.history.size());
  study.pending.erase(configuration);
}

std::optional<double> ObjectiveOf(const StudyState& study, int32_t first) {
  const storage::TrialRow& row = study.trials[first].row;
  if (row.repeat_of) {
    const bool completed = row.repeats && row.repeats->state == v1::Trial::COMPLETED;
    return completed ? row.repeats->mean : std::nullopt;
  }
  return row.state == v1::Trial::COMPLETED ? row.objective : std::nullopt;
}

void NoteBest(StudyState& study, int32_t first) {
  if (!ObjectiveOf(study, first)) return;
  if (!study.best || Rank(study, first) < Rank(study, *study.best)) study.best = first;
}

int32_t BestRepeat(const StudyState& study, int32_t first) {
  std::optional<int32_t> best;
  for (const int32_t number : study.configurations[ConfigurationOf(study, first)].trials) {
    const storage::TrialRow& row = study.trials[number].row;
    if (row.state != v1::Trial::COMPLETED || !row.objective) continue;
    if (!best || Loss(study, *row.objective) < Loss(study, *study.trials[*best].row.objective)) {
      best = number;
    }
  }
  return best.value_or(first);
}

}  // namespace caviar::coordinator
