#include "server/sampling/auto_sampler.h"

#include "absl/strings/str_cat.h"

namespace caviar::sampling {
namespace {

// A model of so many lengths learns little from the trials that people can afford.
constexpr int kManyDimensions = 60;
// The process keeps a bounded number of points, so that it learns little more from then on.
constexpr int kManyTrials = 5000;

}  // namespace

Choice Choose(int dimensions, std::optional<int32_t> max_trials) {
  const std::string about = absl::StrCat(
      dimensions, dimensions == 1 ? " parameter, " : " parameters, ",
      max_trials ? absl::StrCat(*max_trials, " trials") : std::string("no limit of trials"));
  if (dimensions > kManyDimensions) {
    return {v1::Sampler::TPE, absl::StrCat("tpe: ", about, ", too many parameters for gp")};
  }
  if (max_trials && *max_trials > kManyTrials) {
    return {v1::Sampler::TPE, absl::StrCat("tpe: ", about, ", more than gp learns from")};
  }
  return {v1::Sampler::GP, absl::StrCat("gp: ", about)};
}

std::optional<search_space::Point> AutoSampler::SuggestPoint(const search_space::SearchSpace& space,
                                                             const SamplerInput& input) {
  const Choice choice = Choose(space.dimensions(), input.max_trials);
  if (choice.algorithm != algorithm_) {
    v1::Sampler definition;
    definition.set_algorithm(choice.algorithm);
    chosen_ = MakeSampler(definition).value();
    algorithm_ = choice.algorithm;
  }
  return chosen_->SuggestPoint(space, input);
}

}  // namespace caviar::sampling
