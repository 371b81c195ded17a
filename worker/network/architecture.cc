#include "worker/network/architecture.h"

#include <cmath>
#include <cstddef>

namespace caviar::network {
namespace {

constexpr int64_t kAlignment = 16;

// Reserves `count` elements at the end of an array of `size` elements; returns where they start.
int64_t Reserve(int64_t count, int64_t& size) {
  const int64_t start = size;
  size += (count + kAlignment - 1) / kAlignment * kAlignment;
  return start;
}

}  // namespace

Layout MakeLayout(const Architecture& architecture) {
  Layout layout;
  int inputs = architecture.inputs;
  for (size_t i = 0; i <= architecture.hidden.size(); ++i) {
    const bool hidden = i < architecture.hidden.size();
    LayerLayout layer;
    layer.inputs = inputs;
    layer.units = hidden ? architecture.hidden[i] : architecture.classes;
    layer.weights = Reserve(int64_t{layer.units} * layer.inputs, layout.parameters);
    if (!hidden || architecture.batch_norm != BatchNormPosition::kBeforeActivation) {
      layer.bias = Reserve(layer.units, layout.parameters);
    }
    if (hidden && architecture.batch_norm != BatchNormPosition::kNone) {
      layer.gamma = Reserve(layer.units, layout.parameters);
      layer.beta = Reserve(layer.units, layout.parameters);
      layer.running_mean = Reserve(layer.units, layout.statistics);
      layer.running_variance = Reserve(layer.units, layout.statistics);
    }
    layout.layers.push_back(layer);
    inputs = layer.units;
  }
  return layout;
}

StatisticsReading ReadingOf(double batch_norm_momentum, bool bias_correction, int64_t updates) {
  if (updates == 0) return {0, 1};
  const double exponent = static_cast<double>(updates) * std::log(batch_norm_momentum);
  if (!bias_correction) return {1, std::exp(exponent)};
  // 1 - m^t without cancellation where m is close to 1.
  return {-1 / std::expm1(exponent), 0};
}

}  // namespace caviar::network
