// A hidden layer: dense, then batch norm and activation in the order that the architecture says,
// then dropout.
#ifndef CAVIAR_WORKER_NETWORK_HIDDEN_LAYER_H_
#define CAVIAR_WORKER_NETWORK_HIDDEN_LAYER_H_

#include <cstdint>
#include <optional>

#include "worker/network/activation.h"
#include "worker/network/batch_norm.h"
#include "worker/network/dense.h"
#include "worker/network/dropout.h"
#include "worker/network/mixed_product.h"

namespace caviar::network {

template <typename Scalar>
class HiddenLayer {
 public:
  HiddenLayer(const LayerLayout& layer, const Architecture& architecture, double dropout,
              int capacity)
      : layer_(layer),
        activation_(architecture.activation),
        dropout_(dropout),
        output_(layer.units, capacity),
        gradient_(layer.units, capacity) {
    if (architecture.batch_norm != BatchNormPosition::kNone) {
      batch_norm_.emplace(layer, architecture, capacity);
    }
    // What the way back needs and the next operation would overwrite.
    if (architecture.batch_norm == BatchNormPosition::kAfterActivation) {
      activated_.resize(layer.units, capacity);
    }
    if (!HasDerivativeOfValue(activation_)) slope_.resize(layer.units, capacity);
    if (dropout_ > 0) {
      mask_.resize(layer.units, capacity);
      dropped_.resize(layer.units, capacity);
    }
  }

  // [units x count] of the last Train or Evaluate.
  const Scalar* output() const { return result_; }
  // Where the next layer writes the loss's gradient by output().
  Scalar* gradient() { return gradient_.data(); }

  // `dropout_key`: what the mask is drawn for.
  void Train(const Scalar* parameters, const Scalar* input, int count, uint64_t dropout_key,
             TrainingProduct<Scalar>& product) {
    Forward(parameters, input, count, true, product,
            [&](const Scalar* x, Scalar* y) { batch_norm_->Train(parameters, x, count, y); });
    if (dropout_ > 0) {
      MatrixView<Scalar> mask(mask_.data(), layer_.units, count);
      DrawDropoutMask<Scalar>(dropout_key, dropout_, mask);
      MatrixView<Scalar>(dropped_.data(), layer_.units, count) =
          mask.cwiseProduct(ConstMatrixView<Scalar>(output_.data(), layer_.units, count));
      result_ = dropped_.data();
    }
  }

  void Evaluate(const Scalar* parameters, const Scalar* statistics, int64_t updates,
                const Scalar* input, int count, MatrixProduct<Scalar>& product) {
    Forward(parameters, input, count, false, product, [&](const Scalar* x, Scalar* y) {
      batch_norm_->Evaluate(parameters, statistics, updates, x, count, y);
    });
  }

  void UpdateStatistics(int count, Scalar* statistics) const {
    if (batch_norm_) batch_norm_->UpdateStatistics(count, statistics);
  }

  // After Train: from gradient(), the gradients by all parameters, and by the input unless
  // `input_gradient` is null.
  void Backward(const Scalar* parameters, const Scalar* input, int count, Scalar l2,
                TrainingProduct<Scalar>& product, Scalar* parameter_gradient,
                Scalar* input_gradient) {
    MatrixView<Scalar> gradient(gradient_.data(), layer_.units, count);
    if (dropout_ > 0) {
      gradient.array() *= ConstMatrixView<Scalar>(mask_.data(), layer_.units, count).array();
    }
    const bool after = activated_.size() > 0;
    if (after) batch_norm_->Backward(parameters, count, gradient_.data(), parameter_gradient);
    if (slope_.size() > 0) {
      gradient.array() *= ConstMatrixView<Scalar>(slope_.data(), layer_.units, count).array();
    } else {
      const Scalar* activated = after ? activated_.data() : output_.data();
      ActivationGradient<Scalar>(activation_,
                                 ConstMatrixView<Scalar>(activated, layer_.units, count), gradient);
    }
    if (batch_norm_ && !after) {
      batch_norm_->Backward(parameters, count, gradient_.data(), parameter_gradient);
    }
    DenseBackward(layer_, parameters, input, gradient_.data(), count, l2, product,
                  parameter_gradient, input_gradient);
  }

 private:
  template <typename Product, typename Normalize>
  void Forward(const Scalar* parameters, const Scalar* input, int count, bool train,
               Product& product, Normalize normalize) {
    const bool after = activated_.size() > 0;
    Scalar* z = after ? activated_.data() : output_.data();
    DenseForward(layer_, parameters, input, count, product, z);
    if (batch_norm_ && !after) normalize(z, z);
    if (train && slope_.size() > 0) {
      ActivationSlope<Scalar>(ConstMatrixView<Scalar>(z, layer_.units, count),
                              MatrixView<Scalar>(slope_.data(), layer_.units, count));
    }
    Activate<Scalar>(activation_, MatrixView<Scalar>(z, layer_.units, count));
    if (after) normalize(z, output_.data());
    result_ = output_.data();
  }

  LayerLayout layer_;
  Activation activation_;
  double dropout_;
  std::optional<BatchNorm<Scalar>> batch_norm_;
  Matrix<Scalar> activated_;
  Matrix<Scalar> slope_;
  Matrix<Scalar> output_;
  Matrix<Scalar> mask_;
  Matrix<Scalar> dropped_;
  Matrix<Scalar> gradient_;
  // output_, or dropped_ where that is what the next layer reads.
  const Scalar* result_ = nullptr;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_HIDDEN_LAYER_H_
