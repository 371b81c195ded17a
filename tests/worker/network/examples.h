// Networks and examples that several tests of this room use.
#ifndef CAVIAR_TESTS_WORKER_NETWORK_EXAMPLES_H_
#define CAVIAR_TESTS_WORKER_NETWORK_EXAMPLES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "worker/network/architecture.h"
#include "worker/network/random.h"

namespace caviar::network {

inline Architecture SmallArchitecture(
    std::vector<int> hidden = {17, 9}, Activation activation = Activation::kRelu,
    BatchNormPosition position = BatchNormPosition::kBeforeActivation) {
  Architecture architecture;
  architecture.inputs = 13;
  architecture.hidden = std::move(hidden);
  architecture.classes = 5;
  architecture.activation = activation;
  architecture.batch_norm = position;
  return architecture;
}

// `count` normal numbers: the same for the same key.
template <typename Scalar>
void FillNormal(uint64_t key, int64_t count, Scalar* out) {
  const CounterRandom random(key, 0, 0, Purpose::kInitialization);
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<Scalar>(random.Normal(static_cast<uint64_t>(i)));
  }
}

// `count` labels below `classes`.
inline void FillLabels(uint64_t key, int64_t count, int classes, int32_t* out) {
  const CounterRandom random(key, 1, 0, Purpose::kOrder);
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<int32_t>(
        random.Below(static_cast<uint64_t>(i), static_cast<uint64_t>(classes)));
  }
}

}  // namespace caviar::network

#endif  // CAVIAR_TESTS_WORKER_NETWORK_EXAMPLES_H_
