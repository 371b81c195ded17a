// Update rules: what a gradient does to the parameters. Their formulas stand beside the parameter
// `optimizer` in batch_norm_network_parameters.proto.
//
// Arrays are walked in pieces that stay in the first-level cache, so that a rule can be written as
// its formulas stand.
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
  // All arrays, those of Step too, are laid out by `layout`: whole packets.
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
    const bool adam = rule_.optimizer == Optimizer::kAdam || rule_.optimizer == Optimizer::kAdamw;
    for (Eigen::Index at = 0; at < parameters.size(); at += kPiece) {
      const Eigen::Index size = std::min(kPiece, parameters.size() - at);
      if (adam) {
        squares += static_cast<double>(Adam(gradient.data() + at, at, size, parameters));
        continue;
      }
      const auto g = gradient.segment(at, size).array();
      squares += static_cast<double>(g.square().sum());
      auto w = parameters.segment(at, size).array();
      Move(clip_ * g, at, size, w);
    }
    return squares;
  }

  // m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; w <- w - a m^ / (sqrt(v^) + e), all in one
  // pass. Within a step, whose arrays are not in the cache, that is worth 2 to 3 % of the step
  // against a pass an array; alone, with warm arrays, it is slower. Returns the sum of the
  // gradient's squares.
  Scalar Adam(const Scalar* gradient, Eigen::Index at, Eigen::Index size,
              Vector<Scalar>& parameters) {
    using namespace Eigen::internal;  // NOLINT: packets
    using Packet = typename packet_traits<Scalar>::type;
    constexpr Eigen::Index kLanes = unpacket_traits<Packet>::size;
    const auto all = [](double value) { return pset1<Packet>(Scalar(value)); };
    const Packet keep_m = all(rule_.beta1), take_m = all(1 - rule_.beta1);
    const Packet keep_v = all(rule_.beta2), take_v = all(1 - rule_.beta2);
    const Packet rate = all(rate_), correction = all(correction_), epsilon = all(rule_.epsilon);
    const Packet clip = all(clip_);
    Packet squares = all(0);
    Scalar* m = first_.data() + at;
    Scalar* v = second_.data() + at;
    Scalar* w = parameters.data() + at;
    // Layouts are multiples of whole packets.
    for (Eigen::Index i = 0; i < size; i += kLanes) {
      const Packet read = pload<Packet>(gradient + i);
      squares = pmadd(read, read, squares);
      const Packet g = pmul(read, clip);
      const Packet new_m = pmadd(pload<Packet>(m + i), keep_m, pmul(g, take_m));
      const Packet new_v = pmadd(pload<Packet>(v + i), keep_v, pmul(pmul(g, g), take_v));
      pstore(m + i, new_m);
      pstore(v + i, new_v);
      const Packet deviation = padd(psqrt(pmul(correction, new_v)), epsilon);
      pstore(w + i, psub(pload<Packet>(w + i), pdiv(pmul(rate, new_m), deviation)));
    }
    return predux(squares);
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
      case Optimizer::kAdamw:
        break;
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
