#include "server/coordinator/repeats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "caviar/v1/objectives.h"
#include "server/coordinator/state_table.h"

namespace caviar::coordinator {
namespace {

using Rows = std::vector<const storage::TrialRow*>;

// Its COMPLETED trials.
Rows Completed(const StudyState& study, int32_t configuration) {
  Rows rows;
  for (const int32_t number : study.configurations[configuration].trials) {
    const storage::TrialRow& row = study.trials[number].row;
    if (row.state == v1::Trial::COMPLETED && row.objective) rows.push_back(&row);
  }
  return rows;
}

// In long double, whose range holds sums and squares of what doubles can be.
void FillMean(const Rows& completed, storage::RepeatsRow& row) {
  if (completed.empty()) return;
  const auto count = static_cast<long double>(completed.size());
  long double sum = 0;
  for (const storage::TrialRow* one : completed) sum += *one->objective;
  const long double mean = sum / count;
  row.mean = static_cast<double>(mean);
  if (completed.size() < 2) return;
  long double squares = 0;
  for (const storage::TrialRow* one : completed) {
    squares += (*one->objective - mean) * (*one->objective - mean);
  }
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

// How much a constraint is taken to be broken by, where its metric is not finite: as much as the
// farthest that any earlier trial was from its bounds, on either side; 1 where there is none. An
// infinite excess would drown all others in a model.
double ExcessWithoutValue(const sampling::History& history, size_t constraint) {
  double farthest = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    const std::vector<double>& excesses = history[i].excesses;
    if (constraint < excesses.size()) farthest = std::max(farthest, std::abs(excesses[constraint]));
  }
  return farthest > 0 ? farthest : 1;
}

// The constraint with this place among the study's.
double ExcessOf(const StudyState& study, const Rows& completed, int place) {
  const v1::Constraint& constraint = study.row.definition.constraints(place);
  double worst = -std::numeric_limits<double>::infinity();
  for (const storage::TrialRow* row : completed) {
    const double excess = vocabulary::Excess(constraint, row->outcome.at(constraint.metric()));
    worst = std::max(worst, std::isnan(excess)
                                ? ExcessWithoutValue(study.history, static_cast<size_t>(place))
                                : excess);
  }
  return worst;
}

// Of a COMPLETED configuration.
void AddOutcome(const StudyState& study, int32_t configuration,
                sampling::Observation& observation) {
  const v1::Study& definition = study.row.definition;
  const storage::Outcome& outcome = FirstTrial(study, configuration).row.outcome;
  // Those of the only trial: a study with several has no repeats.
  for (int i = 1; i < definition.objectives_size(); ++i) {
    const v1::Objective& objective = definition.objectives(i);
    observation.more_values.push_back(vocabulary::Loss(objective, outcome.at(objective.metric())));
  }
  const Rows completed = Completed(study, configuration);
  for (int i = 0; i < definition.constraints_size(); ++i) {
    observation.excesses.push_back(ExcessOf(study, completed, i));
  }
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

const TrialState& FirstTrial(const StudyState& study, int32_t configuration) {
  return study.trials[study.configurations[configuration].trials.front()];
}

bool IsComplete(const StudyState& study, int32_t configuration) {
  return !study.to_repeat.contains(configuration) && AllFinal(study, configuration);
}

storage::RepeatsRow SumUp(const StudyState& study, int32_t configuration) {
  storage::RepeatsRow row;
  const Rows completed = Completed(study, configuration);
  row.completed = static_cast<int32_t>(completed.size());
  FillMean(completed, row);
  if (!completed.empty() && !study.row.definition.constraints().empty()) {
    row.feasible = std::all_of(completed.begin(), completed.end(),
                               [](const auto* one) { return one->feasible != false; });
  }
  const bool cut_short = study.row.state == v1::Study::ENDED && AllFinal(study, configuration);
  if (cut_short || IsComplete(study, configuration)) row.state = StateOf(study, configuration);
  return row;
}

bool IsSettled(const StudyState& study, int32_t configuration) {
  const std::optional<storage::RepeatsRow>& repeats = FirstTrial(study, configuration).row.repeats;
  return repeats && repeats->state != v1::Trial::STATE_UNSPECIFIED;
}

bool IsEnding(const StudyState& study) {
  if (study.row.state != v1::Study::ENDED) return false;
  return HasOpenTrials(study) ||
         std::any_of(study.to_repeat.begin(), study.to_repeat.end(),
                     [&study](int32_t index) { return !IsSettled(study, index); });
}

void Observe(StudyState& study, int32_t configuration) {
  const TrialState& first = FirstTrial(study, configuration);
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
  if (observation.state == v1::Trial::COMPLETED) AddOutcome(study, configuration, observation);
  study.history.Add(std::move(observation));
  study.configurations[configuration].place = static_cast<int64_t>(study.history.size());
  study.pending.erase(configuration);
}

void RefreshRungs(StudyState& study) {
  sampling::History history;
  for (size_t i = 0; i < study.history.size(); ++i) {
    sampling::Observation observation = study.history[i];
    const int32_t first = FirstTrial(study, observation.number).row.number;
    observation.rungs = study.pruner ? study.pruner->RungValues(first) : std::vector<double>();
    history.Add(std::move(observation));
  }
  study.history = std::move(history);
}

std::optional<double> ObjectiveOf(const StudyState& study, int32_t first) {
  if (vocabulary::HasSeveralObjectives(study.row.definition)) return std::nullopt;
  const storage::TrialRow& row = study.trials[first].row;
  if (row.repeat_of) {
    const bool counts =
        row.repeats && row.repeats->state == v1::Trial::COMPLETED && row.repeats->feasible != false;
    return counts ? row.repeats->mean : std::nullopt;
  }
  const bool counts = row.state == v1::Trial::COMPLETED && row.feasible != false;
  return counts ? row.objective : std::nullopt;
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
