#include "server/sampling/auto_sampler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"

namespace caviar::sampling {
namespace {

using vocabulary::Counted;

// A model of so many lengths learns little from the trials that people can afford.
constexpr int kManyDimensions = 60;
// The process keeps a bounded number of points, so that it learns little more from then on.
constexpr int kManyTrials = 5000;

// What it depends on is known to the sampler too. Empty `why`: nothing speaks against the process.
struct Algorithm {
  v1::Sampler::Algorithm name;
  std::string why;
};
Algorithm AlgorithmFor(int dimensions, std::optional<int32_t> max_trials) {
  if (dimensions > kManyDimensions) return {v1::Sampler::TPE, "too many parameters for gp"};
  if (max_trials && *max_trials > kManyTrials) {
    return {v1::Sampler::TPE, "more than gp learns from"};
  }
  return {v1::Sampler::GP, ""};
}

}  // namespace

Choice Choose(const v1::Study& study) {
  const auto dimensions = static_cast<int>(
      std::count_if(study.parameters().begin(), study.parameters().end(),
                    [](const v1::Parameter& parameter) { return !parameter.has_value(); }));
  std::optional<int32_t> max_trials;
  if (study.limits().has_max_trials()) max_trials = study.limits().max_trials();
  const Algorithm algorithm = AlgorithmFor(dimensions, max_trials);

  Choice choice;
  choice.algorithm = algorithm.name;
  choice.reason = absl::StrCat(
      algorithm.name == v1::Sampler::GP ? "gp: " : "tpe: ", Counted(dimensions, "parameter"), ", ",
      max_trials ? Counted(*max_trials, "trial") : "no limit of trials");
  if (!study.objectives().empty()) {
    absl::StrAppend(&choice.reason, ", ", Counted(study.objectives_size(), "objective"));
  }
  if (!study.constraints().empty()) {
    absl::StrAppend(&choice.reason, ", ", Counted(study.constraints_size(), "constraint"));
  }
  if (!algorithm.why.empty()) absl::StrAppend(&choice.reason, ", ", algorithm.why);
  return choice;
}

std::optional<search_space::Point> AutoSampler::SuggestPoint(const search_space::SearchSpace& space,
                                                             const SamplerInput& input) {
  const Algorithm algorithm = AlgorithmFor(space.dimensions(), input.max_trials);
  if (algorithm.name != algorithm_) {
    v1::Sampler definition;
    definition.set_algorithm(algorithm.name);
    chosen_ = MakeSampler(definition).value();
    algorithm_ = algorithm.name;
  }
  return chosen_->SuggestPoint(space, input);
}

}  // namespace caviar::sampling
