#include "server/sampling/sampler.h"

#include "absl/strings/str_cat.h"
#include "server/sampling/auto_sampler.h"
#include "server/sampling/cma_es_sampler.h"
#include "server/sampling/coarse_to_fine_sampler.h"
#include "server/sampling/distinct.h"
#include "server/sampling/gp_sampler.h"
#include "server/sampling/grid_sampler.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sobol_sampler.h"
#include "server/sampling/tpe_sampler.h"

namespace caviar::sampling {

std::optional<search_space::Configuration> Suggest(Sampler& sampler,
                                                   const search_space::SearchSpace& space,
                                                   const SamplerInput& input) {
  const std::optional<search_space::Point> suggested = sampler.SuggestPoint(space, input);
  if (!suggested) return std::nullopt;
  const auto point = Distinct(space.model(), input, *suggested);
  if (!point) return std::nullopt;
  return space.ToConfiguration(*point);
}

bool FindsConfigurations(const search_space::SearchSpace& space, const v1::Sampler& definition) {
  const auto sampler = MakeSampler(definition);
  return sampler.ok() && Suggest(**sampler, space, SamplerInput()).has_value();
}

absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(const v1::Sampler& definition) {
  switch (definition.algorithm()) {
    case v1::Sampler::RANDOM:
      return std::make_unique<RandomSampler>();
    case v1::Sampler::SOBOL:
      return std::make_unique<SobolSampler>();
    case v1::Sampler::GRID:
      return std::make_unique<GridSampler>();
    case v1::Sampler::COARSE_TO_FINE:
      return std::make_unique<CoarseToFineSampler>();
    case v1::Sampler::TPE:
      return std::make_unique<TpeSampler>();
    case v1::Sampler::GP:
      return std::make_unique<GpSampler>();
    case v1::Sampler::CMA_ES:
      return std::make_unique<CmaEsSampler>();
    case v1::Sampler::ALGORITHM_UNSPECIFIED:
    case v1::Sampler::AUTO:
      return std::make_unique<AutoSampler>();
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "there is no sampler ", static_cast<int>(definition.algorithm()),
          "; there are random, sobol, grid, coarse_to_fine, tpe, gp, cma_es and auto"));
  }
}

}  // namespace caviar::sampling
