// What evaluation computes, with nothing but dense layers and activations: standardization and
// batch norm, which are affine then, become part of the dense layers beside them.
#ifndef CAVIAR_WORKER_NETWORK_FOLDING_H_
#define CAVIAR_WORKER_NETWORK_FOLDING_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/network/weights.h"

namespace caviar::network {

// output = weights * input + bias.
struct FoldedLayer {
  int inputs = 0;
  int units = 0;
  std::vector<float> weights;  // [units x inputs], row-major, as other programs have it
  std::vector<float> bias;     // [units]
};

// Folds the layers of a network one by one. In evaluation a network is
//
//   x' = (x - mean) * inverse_deviation         standardization
//   z = W * x' + b                              dense; no b where batch norm follows at once
//   y = gamma * (z - m) / sqrt(v + epsilon) + beta   batch norm, before or after the activation
//
// where m and v are what evaluation makes of the running statistics (StatisticsReading). What is
// affine before W becomes a factor of its columns and a part of the bias, what is affine after W a
// factor of its rows and a part of the bias. All in double, rounded once.
class Folding {
 public:
  // Keeps a reference to `weights`, which is consistent.
  explicit Folding(const Weights& weights);

  // Hidden layers in order, then the output layer.
  size_t layers() const { return layout_.layers.size(); }
  // What has to be subtracted from the raw inputs before the first layer, [inputs]; empty: nothing,
  // the means are in its bias. They are taken out where an input's mean is so many deviations from
  // zero (a year, a time stamp) that w * x and w * mean in float32 would leave too little of their
  // difference.
  const std::vector<float>& center() const { return center_; }
  // OUT_OF_RANGE: a number is not finite in float32.
  absl::StatusOr<FoldedLayer> Fold(size_t layer) const;

 private:
  // y = scale * x + shift, for each unit; empty: y = x.
  struct Affine {
    std::vector<double> scale;
    std::vector<double> shift;
  };
  Affine Standardization() const;
  Affine BatchNorm(const LayerLayout& layer) const;
  // What stands before the layer's weights, and after them.
  Affine Before(size_t layer) const;
  Affine After(size_t layer) const;

  const Weights& weights_;
  const Layout layout_;
  std::vector<float> center_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_FOLDING_H_
