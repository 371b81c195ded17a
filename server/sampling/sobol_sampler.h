// A scrambled Sobol sequence over the scaled space: the first 2^k points fill every axis, and most
// pairs of axes, far more evenly than random ones do.
#ifndef CAVIAR_SERVER_SAMPLING_SOBOL_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_SOBOL_SAMPLER_H_

#include <cstdint>

#include "server/sampling/allowed.h"
#include "server/sampling/sampler.h"

namespace caviar::sampling {

// Dimensions there are direction numbers for; a study has at most 256 parameters.
inline constexpr int kSobolDimensions = 1000;

// Coordinate of point `number` before scrambling, in units of 2^-32, in Gray code order (Antonov &
// Saleev 1979): the order in which other programs give these points. `dimension` counts from 0.
uint32_t SobolBits(uint32_t number, int dimension);

// Point `number` of the sequence that `seed` scrambles, in [0, 1) along every axis. Each 2^k points
// from a multiple of 2^k on have exactly one in each of the 2^k equal intervals of every axis.
search_space::Point SobolPoint(uint32_t seed, uint32_t number, int dimensions);

class SobolSampler final : public Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                  const SamplerInput& input) override;
  bool UsesHistory() const override { return false; }

 private:
  AllowedSobol points_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_SOBOL_SAMPLER_H_
