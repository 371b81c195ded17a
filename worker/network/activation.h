// Activation functions and their derivatives, in place on a batch.
#ifndef CAVIAR_WORKER_NETWORK_ACTIVATION_H_
#define CAVIAR_WORKER_NETWORK_ACTIVATION_H_

#include <numbers>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"

namespace caviar::network {

// Whether the derivative is a function of the activation's value. Where not, it is computed with
// the value and kept.
constexpr bool HasDerivativeOfValue(Activation activation) {
  return activation != Activation::kGelu;
}

// values <- f(values).
template <typename Scalar>
void Activate(Activation activation, MatrixView<Scalar> values) {
  auto x = values.array();
  switch (activation) {
    // max(0, x) written so that NaN stays NaN: a network that diverged must not look sound.
    case Activation::kRelu:
      x = (x < Scalar(0)).select(Scalar(0), x);
      break;
    case Activation::kLeakyRelu:
      x = (x < Scalar(0)).select(Scalar(kLeakyReluSlope) * x, x);
      break;
    case Activation::kTanh:
      x = x.tanh();
      break;
    case Activation::kSigmoid:
      x = x.logistic();
      break;
    // Clevert et al. 2016, alpha 1.
    case Activation::kElu:
      x = (x < Scalar(0)).select(x.min(Scalar(0)).expm1(), x);
      break;
    // Hendrycks & Gimpel 2016, exactly: x * Phi(x).
    case Activation::kGelu:
      x = Scalar(0.5) * x * (Scalar(1) + (Scalar(std::numbers::sqrt2 / 2) * x).erf());
      break;
  }
}

// slope <- f'(values), for those whose derivative has to be kept: before Activate.
template <typename Scalar>
void ActivationSlope(ConstMatrixView<Scalar> values, MatrixView<Scalar> slope) {
  const auto x = values.array();
  // gelu: Phi(x) + x * phi(x).
  constexpr double kDensity = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  slope.array() = Scalar(0.5) * (Scalar(1) + (Scalar(std::numbers::sqrt2 / 2) * x).erf()) +
                  x * Scalar(kDensity) * (Scalar(-0.5) * x.square()).exp();
}

// gradient <- gradient * f'(z), where values = f(z), for those whose derivative is a function of
// f(z). At the kink of the rectifiers it is the left one.
template <typename Scalar>
void ActivationGradient(Activation activation, ConstMatrixView<Scalar> values,
                        MatrixView<Scalar> gradient) {
  const auto y = values.array();
  auto g = gradient.array();
  switch (activation) {
    case Activation::kRelu:
      g = (y > Scalar(0)).select(g, Scalar(0));
      break;
    case Activation::kLeakyRelu:
      g = (y > Scalar(0)).select(g, Scalar(kLeakyReluSlope) * g);
      break;
    case Activation::kTanh:
      g *= Scalar(1) - y.square();
      break;
    case Activation::kSigmoid:
      g *= y * (Scalar(1) - y);
      break;
    case Activation::kElu:
      g = (y > Scalar(0)).select(g, (y + Scalar(1)) * g);
      break;
    case Activation::kGelu:
      break;
  }
}

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_ACTIVATION_H_
