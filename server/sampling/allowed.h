// Points that keep a space's linear constraints. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_ALLOWED_H_
#define CAVIAR_SERVER_SAMPLING_ALLOWED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/sampling/sampler.h"

namespace caviar::sampling {

// Draws before one gives up: constraints that so few configurations keep are better met by another
// choice of parameters.
inline constexpr int kMaxAllowedDraws = 20'000;

// RandomPoint(seed, number) where that keeps the constraints, else the first of more draws that
// does: uniform among the points that do. nullopt: none does.
std::optional<search_space::Point> DrawAllowed(const search_space::ModelSpace& space, uint32_t seed,
                                               uint32_t number);

// The point itself where it keeps the constraints; else the nearest to it on the line to the
// nearest of some points that do, of the history and drawn. nullopt: there are none.
std::optional<search_space::Point> Allowed(const search_space::ModelSpace& space,
                                           const SamplerInput& input,
                                           const search_space::Point& point);

// Those points of the scrambled Sobol sequence that keep the constraints, in its order.
class AllowedSobol {
 public:
  // Number `number` of them, from 0; of a space without constraints the sequence's own. Where one
  // is not found within kMaxAllowedDraws steps from the one before, the sequence's point there.
  search_space::Point At(const search_space::SearchSpace& space, uint32_t seed, uint32_t number);

 private:
  std::string key_;               // of the space and the seed
  std::vector<uint32_t> places_;  // in the sequence, of the first numbers
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_ALLOWED_H_
