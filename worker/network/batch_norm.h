// Batch norm (Ioffe & Szegedy 2015): y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.
//
// Training normalizes with the batch's mean and variance (divisor N). Evaluation uses running ones:
// r <- m * r + (1 - m) * b, where b's variance has divisor N - 1 (a batch of one example, whose
// variance that divisor leaves undefined, counts as 0), with the start's weight removed unless
// bias_correction is off; see NetworkState for the form in which they are kept.
#ifndef CAVIAR_WORKER_NETWORK_BATCH_NORM_H_
#define CAVIAR_WORKER_NETWORK_BATCH_NORM_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"

namespace caviar::network {

template <typename Scalar>
class BatchNorm {
 public:
  BatchNorm(const LayerLayout& layer, const Architecture& architecture, int capacity)
      : layer_(layer),
        momentum_(architecture.batch_norm_momentum),
        epsilon_(architecture.batch_norm_epsilon),
        bias_correction_(architecture.bias_correction),
        normalized_(layer.units, capacity),
        mean_(layer.units),
        variance_(layer.units),
        inverse_deviation_(layer.units),
        scale_(layer.units),
        shift_(layer.units) {}

  // output = y of the batch [units x count]; may be the input itself.
  void Train(const Scalar* parameters, const Scalar* input, int count, Scalar* output) {
    const ConstMatrixView<Scalar> x(input, layer_.units, count);
    const ConstVectorView<Scalar> gamma(parameters + layer_.gamma, layer_.units);
    const ConstVectorView<Scalar> beta(parameters + layer_.beta, layer_.units);
    MatrixView<Scalar> y(output, layer_.units, count);
    const Scalar share = Scalar(1) / Scalar(count);
    mean_.setZero();
    for (int j = 0; j < count; ++j) mean_ += x.col(j);
    mean_ *= share;
    variance_.setZero();
    for (int j = 0; j < count; ++j) variance_.array() += (x.col(j) - mean_).array().square();
    variance_ *= share;
    inverse_deviation_ = (variance_.array() + Scalar(epsilon_)).sqrt().inverse();
    for (int j = 0; j < count; ++j) {
      normalized_.col(j) = (x.col(j) - mean_).cwiseProduct(inverse_deviation_);
      y.col(j) = normalized_.col(j).cwiseProduct(gamma) + beta;
    }
  }

  // Lets the running mean and variance take in the last batch of Train.
  void UpdateStatistics(int count, Scalar* statistics) const {
    const Scalar keep = Scalar(momentum_);
    const Scalar take = Scalar(1 - momentum_);
    const Scalar unbiased = Scalar(count) / Scalar(std::max(count - 1, 1));
    VectorView<Scalar> mean(statistics + layer_.running_mean, layer_.units);
    VectorView<Scalar> variance(statistics + layer_.running_variance, layer_.units);
    mean = keep * mean + take * mean_;
    variance = keep * variance + (take * unbiased) * variance_;
  }

  // output = y from the running statistics after `updates` updates; may be the input itself.
  void Evaluate(const Scalar* parameters, const Scalar* statistics, int64_t updates,
                const Scalar* input, int count, Scalar* output) {
    ReadStatistics(statistics, updates);
    scale_ = inverse_deviation_.cwiseProduct(
        ConstVectorView<Scalar>(parameters + layer_.gamma, layer_.units));
    shift_ = ConstVectorView<Scalar>(parameters + layer_.beta, layer_.units) -
             mean_.cwiseProduct(scale_);
    const ConstMatrixView<Scalar> x(input, layer_.units, count);
    MatrixView<Scalar> y(output, layer_.units, count);
    for (int j = 0; j < count; ++j) y.col(j) = x.col(j).cwiseProduct(scale_) + shift_;
  }

  // gradient: by y on entry, by x on return [units x count]. Writes the gradients by gamma and
  // beta.
  void Backward(const Scalar* parameters, int count, Scalar* gradient, Scalar* parameter_gradient) {
    const ConstVectorView<Scalar> gamma(parameters + layer_.gamma, layer_.units);
    MatrixView<Scalar> d(gradient, layer_.units, count);
    VectorView<Scalar> d_gamma(parameter_gradient + layer_.gamma, layer_.units);
    VectorView<Scalar> d_beta(parameter_gradient + layer_.beta, layer_.units);
    d_gamma.setZero();
    d_beta.setZero();
    for (int j = 0; j < count; ++j) {
      d_gamma += d.col(j).cwiseProduct(normalized_.col(j));
      d_beta += d.col(j);
    }
    // dx = gamma / deviation * (dy - mean(dy) - normalized * mean(dy * normalized))
    const Scalar share = Scalar(1) / Scalar(count);
    scale_ = gamma.cwiseProduct(inverse_deviation_);
    shift_ = share * d_beta;
    mean_ = share * d_gamma;
    for (int j = 0; j < count; ++j) {
      d.col(j) = (d.col(j) - shift_ - normalized_.col(j).cwiseProduct(mean_)).cwiseProduct(scale_);
    }
  }

 private:
  // The mean and the deviation that evaluation uses: before any update, those of the start.
  void ReadStatistics(const Scalar* statistics, int64_t updates) {
    const ConstVectorView<Scalar> mean(statistics + layer_.running_mean, layer_.units);
    const ConstVectorView<Scalar> variance(statistics + layer_.running_variance, layer_.units);
    const StatisticsReading reading = ReadingOf(momentum_, bias_correction_, updates);
    mean_ = Scalar(reading.factor) * mean;
    variance_ = (Scalar(reading.factor) * variance).array() + Scalar(reading.start_variance);
    inverse_deviation_ = (variance_.array() + Scalar(epsilon_)).sqrt().inverse();
  }

  LayerLayout layer_;
  double momentum_;
  double epsilon_;
  bool bias_correction_;
  Matrix<Scalar> normalized_;
  // Of the last batch; Backward uses mean_ as room for its own.
  Vector<Scalar> mean_;
  Vector<Scalar> variance_;
  Vector<Scalar> inverse_deviation_;
  Vector<Scalar> scale_;
  Vector<Scalar> shift_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_BATCH_NORM_H_
