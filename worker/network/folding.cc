#include "worker/network/folding.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace caviar::network {
namespace {

// Deviations that a mean may be from zero before it is subtracted first: costs 4 of the 24 bits.
constexpr double kMaxMeanInDeviations = 16;

}  // namespace

Folding::Folding(const Weights& weights)
    : weights_(weights), layout_(MakeLayout(weights.architecture)) {
  double farthest = 0;
  for (size_t i = 0; i < weights.mean.size(); ++i) {
    farthest = std::max(farthest, std::abs(double{weights.mean[i]} * weights.inverse_deviation[i]));
  }
  if (farthest > kMaxMeanInDeviations) center_ = weights.mean;
}

Folding::Affine Folding::Standardization() const {
  Affine affine;
  for (size_t i = 0; i < weights_.mean.size(); ++i) {
    const double scale = weights_.inverse_deviation[i];
    affine.scale.push_back(scale);
    affine.shift.push_back(center_.empty() ? -double{weights_.mean[i]} * scale : 0.0);
  }
  return affine;
}

Folding::Affine Folding::BatchNorm(const LayerLayout& layer) const {
  const NetworkState& state = weights_.state;
  const Architecture& architecture = weights_.architecture;
  const StatisticsReading reading =
      ReadingOf(architecture.batch_norm_momentum, architecture.bias_correction, state.updates);
  Affine affine;
  for (int64_t i = 0; i < layer.units; ++i) {
    const double mean = reading.factor * state.statistics[layer.running_mean + i];
    const double variance =
        reading.factor * state.statistics[layer.running_variance + i] + reading.start_variance;
    const double scale =
        state.parameters[layer.gamma + i] / std::sqrt(variance + architecture.batch_norm_epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(state.parameters[layer.beta + i] - mean * scale);
  }
  return affine;
}

Folding::Affine Folding::Before(size_t layer) const {
  if (layer == 0) return Standardization();
  if (weights_.architecture.batch_norm != BatchNormPosition::kAfterActivation) return {};
  return BatchNorm(layout_.layers[layer - 1]);
}

Folding::Affine Folding::After(size_t layer) const {
  const bool hidden = layer + 1 < layout_.layers.size();
  if (!hidden || weights_.architecture.batch_norm != BatchNormPosition::kBeforeActivation) {
    return {};
  }
  return BatchNorm(layout_.layers[layer]);
}

absl::StatusOr<FoldedLayer> Folding::Fold(size_t index) const {
  const LayerLayout& layer = layout_.layers[index];
  const std::vector<float>& parameters = weights_.state.parameters;
  const Affine before = Before(index);
  const Affine after = After(index);
  FoldedLayer folded;
  folded.inputs = layer.inputs;
  folded.units = layer.units;
  folded.weights.resize(static_cast<size_t>(layer.units) * static_cast<size_t>(layer.inputs));
  std::vector<double> bias(static_cast<size_t>(layer.units), 0.0);
  bool finite = true;
  for (int64_t j = 0; j < layer.inputs; ++j) {
    const double scale = before.scale.empty() ? 1 : before.scale[j];
    const double shift = before.shift.empty() ? 0 : before.shift[j];
    for (int64_t i = 0; i < layer.units; ++i) {
      const double weight = parameters[layer.weights + j * layer.units + i];
      bias[i] += weight * shift;
      const double row = after.scale.empty() ? 1 : after.scale[i];
      const float number = static_cast<float>(row * weight * scale);
      folded.weights[i * layer.inputs + j] = number;
      finite = finite && std::isfinite(number);
    }
  }
  for (int64_t i = 0; i < layer.units; ++i) {
    if (layer.bias >= 0) bias[i] += parameters[layer.bias + i];
    if (!after.scale.empty()) bias[i] = after.scale[i] * bias[i] + after.shift[i];
    folded.bias.push_back(static_cast<float>(bias[i]));
    finite = finite && std::isfinite(folded.bias.back());
  }
  if (finite) return folded;
  return absl::OutOfRangeError(
      absl::StrCat("layer ", index + 1, " of ", layout_.layers.size(), ", ", layer.units,
                   " units, has numbers that are not finite in float32 once standardization and "
                   "batch norm are folded in"));
}

}  // namespace caviar::network
