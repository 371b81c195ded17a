#include "server/sampling/random_sampler.h"

#include "server/sampling/allowed.h"
#include "server/sampling/counter_random.h"

namespace caviar::sampling {

search_space::Point RandomPoint(uint32_t seed, uint32_t number, int dimensions) {
  search_space::Point point(dimensions);
  for (int axis = 0; axis < dimensions; ++axis) {
    point[axis] = ToUnit(RandomBits(seed, number, axis));
  }
  return point;
}

std::optional<search_space::Point> RandomSampler::SuggestPoint(
    const search_space::SearchSpace& space, const SamplerInput& input) {
  const auto number = static_cast<uint32_t>(input.number);
  if (auto allowed = DrawAllowed(space.model(), input.seed, number)) return allowed;
  return RandomPoint(input.seed, number, space.dimensions());
}

}  // namespace caviar::sampling
