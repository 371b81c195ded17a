#include "worker/network/initialization.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "worker/network/random.h"

namespace caviar::network {

NetworkState InitialState(const Architecture& architecture, Initialization initialization,
                          uint64_t seed, uint64_t trial) {
  const Layout layout = MakeLayout(architecture);
  NetworkState state;
  state.parameters.assign(static_cast<size_t>(layout.parameters), 0.0f);
  state.statistics.assign(static_cast<size_t>(layout.statistics), 0.0f);
  for (size_t i = 0; i < layout.layers.size(); ++i) {
    const LayerLayout& layer = layout.layers[i];
    const CounterRandom random(seed, trial, i, Purpose::kInitialization);
    const double fan = initialization == Initialization::kHe
                           ? layer.inputs
                           : static_cast<double>(layer.inputs) + layer.units;
    const double deviation = std::sqrt(2 / fan);
    const int64_t count = int64_t{layer.units} * layer.inputs;
    random.Normals(count, deviation, state.parameters.data() + layer.weights);
    if (layer.gamma >= 0) {
      std::fill_n(state.parameters.begin() + layer.gamma, layer.units, 1.0f);
    }
  }
  return state;
}

}  // namespace caviar::network
