#include "server/coordinator/suggestion_input.h"

#include <cmath>

namespace caviar::coordinator {

bool NeedsHistory(const StudyState& study) {
  return study.sampler->UsesTriedPoints() || std::isfinite(study.space->model().configurations());
}

bool IsQuick(const StudyState& study) {
  return !NeedsHistory(study) && study.space->linear_constraints().empty();
}

sampling::SamplerInput MakeInput(const StudyState& study, int32_t index) {
  const v1::Limits& limits = study.row.definition.limits();
  sampling::SamplerInput input;
  input.seed = study.row.definition.sampler().seed();
  input.number = index;
  input.warm_start = study.warm_start;
  if (limits.has_max_trials()) input.max_trials = limits.max_trials();
  if (limits.has_parallel()) input.parallel = limits.parallel();
  if (!NeedsHistory(study)) return input;
  input.history = study.history;
  for (const int32_t open : study.pending) {
    const int32_t first = study.configurations[static_cast<size_t>(open)].trials.front();
    input.pending.push_back({study.trials[static_cast<size_t>(first)].point, {}});
    if (study.pruner) input.pending.back().rungs = study.pruner->RungValues(first);
  }
  return input;
}

}  // namespace caviar::coordinator
