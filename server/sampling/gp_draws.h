// A stream of random numbers that is a function of its key.
#ifndef CAVIAR_SERVER_SAMPLING_GP_DRAWS_H_
#define CAVIAR_SERVER_SAMPLING_GP_DRAWS_H_

#include <cmath>
#include <cstdint>

#include "server/sampling/counter_random.h"

namespace caviar::sampling::gp {

class Draws {
 public:
  // The stream of trial `number`.
  Draws(uint32_t seed, int32_t number)
      : seed_(seed ^ kPurpose), number_(static_cast<uint32_t>(number)) {}

  // In [0, 1).
  double Uniform() { return ToUnit(RandomBits(seed_, number_, counter_++)); }
  // One of 0..count-1.
  int Below(int count) { return static_cast<int>(Uniform() * count); }
  // Standard normal (Box & Muller 1958).
  double Normal() {
    const double radius = std::sqrt(-2 * std::log1p(-Uniform()));
    return radius * std::cos(6.28318530717958647693 * Uniform());
  }

 private:
  static constexpr uint64_t kPurpose = 0x6761757373000000;  // not the key of another sampler

  uint64_t seed_;
  uint64_t number_;
  uint64_t counter_ = 0;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_DRAWS_H_
