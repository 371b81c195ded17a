// Update rules: what a gradient does to the parameters.
//
// Arrays are walked in pieces that stay in the first-level cache, so that each rule can be written
// as its formulas stand.
#ifndef CAVIAR_WORKER_NETWORK_OPTIMIZER_H_
#define CAVIAR_WORKER_NETWORK_OPTIMIZER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"

namespace caviar::network {

template <typename Scalar>
class OptimizerState {
 public:
  OptimizerState(const UpdateRule& rule, int64_t parameters)
      : rule_(rule),
        first_(Vector<Scalar>::Zero(parameters)),
        second_(Vector<Scalar>::Zero(rule.optimizer == Optimizer::kAdam ? parameters : 0)) {}

  void Step(double learning_rate, const Vector<Scalar>& gradient, Vector<Scalar>& parameters) {
    ++steps_;
    constexpr Eigen::Index kPiece = 1024;
    for (Eigen::Index at = 0; at < parameters.size(); at += kPiece) {
      const Eigen::Index size = std::min(kPiece, parameters.size() - at);
      if (rule_.optimizer == Optimizer::kAdam) {
        Adam(learning_rate, gradient, at, size, parameters);
      } else {
        Momentum(learning_rate, gradient, at, size, parameters);
      }
    }
  }

  void Reset() {
    steps_ = 0;
    first_.setZero();
    second_.setZero();
  }

 private:
  // v <- b v + (1 - b) g; w <- w - a v.
  void Momentum(double learning_rate, const Vector<Scalar>& gradient, Eigen::Index at,
                Eigen::Index size, Vector<Scalar>& parameters) {
    auto v = first_.segment(at, size);
    v = Scalar(rule_.momentum) * v + Scalar(1 - rule_.momentum) * gradient.segment(at, size);
    parameters.segment(at, size) -= Scalar(learning_rate) * v;
  }

  // Kingma & Ba 2015, algorithm 1: w <- w - a m^ / (sqrt(v^) + e), m^ = m / (1 - b1^t).
  void Adam(double learning_rate, const Vector<Scalar>& gradient, Eigen::Index at,
            Eigen::Index size, Vector<Scalar>& parameters) {
    // 1 - b^t is -expm1(t log b), which does not cancel where b is close to 1.
    const double t = static_cast<double>(steps_);
    const Scalar rate = Scalar(-learning_rate / std::expm1(t * std::log(rule_.beta1)));
    const Scalar correction = Scalar(-1 / std::expm1(t * std::log(rule_.beta2)));
    const auto g = gradient.segment(at, size).array();
    auto m = first_.segment(at, size).array();
    auto v = second_.segment(at, size).array();
    m = Scalar(rule_.beta1) * m + Scalar(1 - rule_.beta1) * g;
    v = Scalar(rule_.beta2) * v + Scalar(1 - rule_.beta2) * g.square();
    parameters.segment(at, size).array() -=
        rate * m / ((correction * v).sqrt() + Scalar(rule_.epsilon));
  }

  UpdateRule rule_;
  int64_t steps_ = 0;
  // SGD: the velocity. Adam: the averages of the gradient and of its square.
  Vector<Scalar> first_;
  Vector<Scalar> second_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_OPTIMIZER_H_
