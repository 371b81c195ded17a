// The multilayer perceptron: hidden layers, an output layer, the loss, and the rule that trains it.
// In float for training; tests check its gradients in double.
#ifndef CAVIAR_WORKER_NETWORK_PERCEPTRON_H_
#define CAVIAR_WORKER_NETWORK_PERCEPTRON_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/network/hidden_layer.h"
#include "worker/network/optimizer.h"
#include "worker/network/random.h"
#include "worker/network/softmax_cross_entropy.h"

namespace caviar::network {

template <typename Scalar>
class Perceptron {
 public:
  Perceptron(const Architecture& architecture, const UpdateRule& rule, const Layout& layout,
             int capacity)
      : output_layer_(layout.layers.back()),
        l2_(rule.l2),
        seed_(rule.seed),
        trial_(rule.trial),
        inputs_(Matrix<Scalar>::Zero(architecture.inputs, capacity)),
        labels_(static_cast<size_t>(capacity), 0),
        logits_(Matrix<Scalar>::Zero(architecture.classes, capacity)),
        logits_gradient_(architecture.classes, capacity),
        parameters_(Vector<Scalar>::Zero(layout.parameters)),
        gradient_(Vector<Scalar>::Zero(layout.parameters)),
        statistics_(Vector<Scalar>::Zero(layout.statistics)),
        loss_(rule, architecture.classes),
        optimizer_(rule, layout),
        training_product_(rule.precision) {
    for (size_t i = 0; i + 1 < layout.layers.size(); ++i) {
      hidden_.emplace_back(layout.layers[i], architecture, rule.dropout, capacity);
    }
  }

  // The batch, [inputs x capacity] and [capacity].
  Matrix<Scalar>& inputs() { return inputs_; }
  std::vector<int32_t>& labels() { return labels_; }
  const Matrix<Scalar>& logits() const { return logits_; }
  // As laid out by Layout.
  Vector<Scalar>& parameters() { return parameters_; }
  const Vector<Scalar>& parameters() const { return parameters_; }
  const Vector<Scalar>& gradient() const { return gradient_; }
  Vector<Scalar>& statistics() { return statistics_; }
  const Vector<Scalar>& statistics() const { return statistics_; }
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }
  OptimizerState<Scalar>& optimizer() { return optimizer_; }
  const OptimizerState<Scalar>& optimizer() const { return optimizer_; }

  // The loss of the first `count` examples with the batch's own statistics and the dropout of the
  // next update; keeps what Backward needs.
  BatchResult Forward(int count) {
    const CounterRandom dropout(seed_, trial_, static_cast<uint64_t>(updates_), Purpose::kDropout);
    const Scalar* input = inputs_.data();
    for (size_t i = 0; i < hidden_.size(); ++i) {
      hidden_[i].Train(parameters_.data(), input, count, dropout.Bits(i), training_product_);
      input = hidden_[i].output();
    }
    ComputeLogits(input, count, training_product_);
    return loss_.Compute(Logits(count), labels_.data(), LogitsGradient(count));
  }

  // After Forward: gradient() of what is minimized and the penalty, l2 / 2 * |W|^2.
  void Backward(int count) {
    const size_t layers = hidden_.size();
    DenseBackward(output_layer_, parameters_.data(), Input(layers), logits_gradient_.data(), count,
                  Scalar(l2_), training_product_, gradient_.data(),
                  layers > 0 ? hidden_.back().gradient() : nullptr);
    for (size_t i = layers; i-- > 0;) {
      hidden_[i].Backward(parameters_.data(), Input(i), count, Scalar(l2_), training_product_,
                          gradient_.data(), i > 0 ? hidden_[i - 1].gradient() : nullptr);
    }
  }

  BatchResult Update(int count, double learning_rate) {
    BatchResult result = Forward(count);
    if (!std::isfinite(result.loss) || !std::isfinite(result.minimized)) {
      result.loss = std::nan("");
      return result;
    }
    for (auto& layer : hidden_) layer.UpdateStatistics(count, statistics_.data());
    ++updates_;
    Backward(count);
    result.gradient_norm = optimizer_.Step(learning_rate, gradient_, parameters_);
    return result;
  }

  // The loss of the first `count` examples with the running statistics.
  BatchResult Evaluate(int count) {
    const Scalar* input = inputs_.data();
    for (auto& layer : hidden_) {
      layer.Evaluate(parameters_.data(), statistics_.data(), updates_, input, count, product_);
      input = layer.output();
    }
    ComputeLogits(input, count, product_);
    return SoftmaxCrossEntropy<Scalar>::Evaluate(Logits(count), labels_.data(),
                                                 LogitsGradient(count));
  }

 private:
  // What layer i reads.
  const Scalar* Input(size_t i) const { return i > 0 ? hidden_[i - 1].output() : inputs_.data(); }

  template <typename Product>
  void ComputeLogits(const Scalar* input, int count, Product& product) {
    DenseForward(output_layer_, parameters_.data(), input, count, product, logits_.data());
  }
  ConstMatrixView<Scalar> Logits(int count) const {
    return ConstMatrixView<Scalar>(logits_.data(), output_layer_.units, count);
  }
  MatrixView<Scalar> LogitsGradient(int count) {
    return MatrixView<Scalar>(logits_gradient_.data(), output_layer_.units, count);
  }

  LayerLayout output_layer_;
  double l2_;
  uint64_t seed_;
  uint64_t trial_;
  Matrix<Scalar> inputs_;
  std::vector<int32_t> labels_;
  std::vector<HiddenLayer<Scalar>> hidden_;
  Matrix<Scalar> logits_;
  Matrix<Scalar> logits_gradient_;
  Vector<Scalar> parameters_;
  Vector<Scalar> gradient_;
  Vector<Scalar> statistics_;
  int64_t updates_ = 0;
  SoftmaxCrossEntropy<Scalar> loss_;
  OptimizerState<Scalar> optimizer_;
  TrainingProduct<Scalar> training_product_;
  // Of evaluation, which has float's precision always.
  MatrixProduct<Scalar> product_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_PERCEPTRON_H_
