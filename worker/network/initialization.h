// The numbers that a network starts from.
#ifndef CAVIAR_WORKER_NETWORK_INITIALIZATION_H_
#define CAVIAR_WORKER_NETWORK_INITIALIZATION_H_

#include <cstdint>

#include "worker/network/architecture.h"

namespace caviar::network {

// Weights are normal with mean 0 and variance 2 / inputs (He et al. 2015) or 2 / (inputs + outputs)
// (Glorot & Bengio 2010), biases and beta 0, gamma 1. The same at every instruction set level.
NetworkState InitialState(const Architecture& architecture, Initialization initialization,
                          uint64_t seed, uint64_t trial);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_INITIALIZATION_H_
