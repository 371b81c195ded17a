// Independent points, uniform in the scaled space, or where its linear constraints are kept.
#ifndef CAVIAR_SERVER_SAMPLING_RANDOM_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_RANDOM_SAMPLER_H_

#include "server/sampling/sampler.h"

namespace caviar::sampling {

// Point `number` of `seed`, in [0, 1) along every axis. A coordinate depends on (seed, number,
// axis) alone: an axis more does not change the others.
search_space::Point RandomPoint(uint32_t seed, uint32_t number, int dimensions);

class RandomSampler final : public Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                  const SamplerInput& input) override;
  bool UsesHistory() const override { return false; }
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_RANDOM_SAMPLER_H_
