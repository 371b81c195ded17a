// Inverted dropout (Srivastava et al. 2014): while training, a value is set to 0 with probability
// p, and divided by 1 - p otherwise, so that evaluation has nothing to do.
#ifndef CAVIAR_WORKER_NETWORK_DROPOUT_H_
#define CAVIAR_WORKER_NETWORK_DROPOUT_H_

#include <cmath>
#include <cstdint>

#include "worker/network/eigen.h"

namespace caviar::network {

// Writes 0 or 1 / (1 - p) for each value. Values are drawn independently, p in [0, 1) rounded to a
// multiple of 2^-32.
//
// The generator has to run at the speed of the layer: 32-bit lanes, the counter mixed with a 64-bit
// key that the slower CounterRandom drew for this update and layer. The mixing function is
// "lowbias32" (Wellons 2018), twice.
template <typename Scalar>
void DrawDropoutMask(uint64_t key, double probability, MatrixView<Scalar> mask) {
  const auto low = static_cast<uint32_t>(key);
  const auto high = static_cast<uint32_t>(key >> 32);
  const auto threshold = static_cast<uint32_t>(std::ldexp(probability, 32));
  const Scalar kept = Scalar(1 / (1 - probability));
  const auto mix = [](uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
  };
  Scalar* out = mask.data();
  const auto size = static_cast<uint32_t>(mask.size());
  for (uint32_t i = 0; i < size; ++i) {
    out[i] = mix(mix(i ^ low) + high) < threshold ? Scalar(0) : kept;
  }
}

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_DROPOUT_H_
