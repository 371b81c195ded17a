// Update rules: what a gradient does to the parameters. Their formulas stand beside the parameter
// `optimizer` in batch_norm_network_parameters.proto.
//
// Arrays are walked in pieces that stay in the first-level cache, so that each rule can be written
// as its formulas stand.
#ifndef CAVIAR_WORKER_NETWORK_OPTIMIZER_H_
#define CAVIAR_WORKER_NETWORK_OPTIMIZER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"

namespace caviar::network {

template <typename Scalar>
class OptimizerState {
 public:
  // All arrays are laid out by `layout`.
  OptimizerState(const UpdateRule& rule, const Layout& layout) : rule_(rule) {
    const bool first = rule.optimizer != Optimizer::kRmsprop;
    const bool second = rule.optimizer != Optimizer::kSgd && rule.optimizer != Optimizer::kNesterov;
    first_ = Vector<Scalar>::Zero(first ? layout.parameters : 0);
    second_ = Vector<Scalar>::Zero(second ? layout.parameters : 0);
    for (const LayerLayout& layer : layout.layers) {
      weights_.emplace_back(layer.weights, Eigen::Index{layer.units} * layer.inputs);
    }
  }

  // Returns the norm of the gradient before it was clipped.
  double Step(double learning_rate, const Vector<Scalar>& gradient, Vector<Scalar>& parameters) {
    ++steps_;
    PrepareStep(learning_rate);
    clip_ = Scalar(1);
    if (rule_.clip_norm > 0) {
      const double norm = Norm(gradient);
      // Written so that a norm that is not finite leaves the gradient as it is, to be seen.
      if (norm > rule_.clip_norm) clip_ = Scalar(rule_.clip_norm / norm);
      Walk(gradient, parameters);
      return norm;
    }
    return std::sqrt(Walk(gradient, parameters));
  }

  void Reset() {
    steps_ = 0;
    first_.setZero();
    second_.setZero();
  }

  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }
  Vector<Scalar>& first() { return first_; }
  const Vector<Scalar>& first() const { return first_; }
  Vector<Scalar>& second() { return second_; }
  const Vector<Scalar>& second() const { return second_; }

 private:
  static constexpr Eigen::Index kPiece = 1024;

  void PrepareStep(double learning_rate) {
    rate_ = Scalar(learning_rate);
    decay_ = Scalar(learning_rate * rule_.weight_decay);
    take_ = Scalar(rule_.pytorch_momentum ? 1 : 1 - rule_.momentum);
    if (rule_.optimizer != Optimizer::kAdam && rule_.optimizer != Optimizer::kAdamw) return;
    // 1 - b^t is -expm1(t log b), which does not cancel where b is close to 1.
    const double steps = static_cast<double>(steps_);
    rate_ = Scalar(-learning_rate / std::expm1(steps * std::log(rule_.beta1)));
    correction_ = Scalar(-1 / std::expm1(steps * std::log(rule_.beta2)));
  }

  static double Norm(const Vector<Scalar>& gradient) {
    double squares = 0;
    for (Eigen::Index at = 0; at < gradient.size(); at += kPiece) {
      const Eigen::Index size = std::min(kPiece, gradient.size() - at);
      squares += static_cast<double>(gradient.segment(at, size).squaredNorm());
    }
    return std::sqrt(squares);
  }

  // Returns the sum of the gradient's squares, which are in the cache already.
  double Walk(const Vector<Scalar>& gradient, Vector<Scalar>& parameters) {
    double squares = 0;
    if (decay_ != Scalar(0)) {
      for (const auto& [offset, size] : weights_) {
        parameters.segment(offset, size) *= Scalar(1) - decay_;
      }
    }
    for (Eigen::Index at = 0; at < parameters.size(); at += kPiece) {
      const Eigen::Index size = std::min(kPiece, parameters.size() - at);
      const auto g = gradient.segment(at, size).array();
      squares += static_cast<double>(g.square().sum());
      auto w = parameters.segment(at, size).array();
      if (clip_ == Scalar(1)) {
        Move(g, at, size, w);
      } else {
        Move(clip_ * g, at, size, w);
      }
    }
    return squares;
  }

  template <typename Gradient, typename Weights>
  void Move(const Gradient& g, Eigen::Index at, Eigen::Index size, Weights& w) {
    switch (rule_.optimizer) {
      case Optimizer::kSgd: {
        auto v = first_.segment(at, size).array();
        v = Scalar(rule_.momentum) * v + take_ * g;
        w -= rate_ * v;
        break;
      }
      case Optimizer::kNesterov: {
        auto v = first_.segment(at, size).array();
        v = Scalar(rule_.momentum) * v + take_ * g;
        w -= rate_ * (Scalar(rule_.momentum) * v + take_ * g);
        break;
      }
      case Optimizer::kRmsprop: {
        auto s = second_.segment(at, size).array();
        s = Scalar(rule_.beta2) * s + Scalar(1 - rule_.beta2) * g.square();
        w -= rate_ * g / (s.sqrt() + Scalar(rule_.epsilon));
        break;
      }
      case Optimizer::kAdam:
      case Optimizer::kAdamw: {
        auto m = first_.segment(at, size).array();
        auto v = second_.segment(at, size).array();
        m = Scalar(rule_.beta1) * m + Scalar(1 - rule_.beta1) * g;
        v = Scalar(rule_.beta2) * v + Scalar(1 - rule_.beta2) * g.square();
        w -= rate_ * m / ((correction_ * v).sqrt() + Scalar(rule_.epsilon));
        break;
      }
    }
  }

  UpdateRule rule_;
  int64_t steps_ = 0;
  // What TrainingState says they are.
  Vector<Scalar> first_;
  Vector<Scalar> second_;
  // Offset and size of the weights, which alone decay.
  std::vector<std::pair<Eigen::Index, Eigen::Index>> weights_;
  // Of the step being made.
  Scalar rate_ = 0, decay_ = 0, take_ = 1, clip_ = 1, correction_ = 1;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_OPTIMIZER_H_
