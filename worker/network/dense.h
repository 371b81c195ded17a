// A dense layer: z = W x + b. Its products are a MatrixProduct's or a TrainingProduct's.
#ifndef CAVIAR_WORKER_NETWORK_DENSE_H_
#define CAVIAR_WORKER_NETWORK_DENSE_H_

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"
#include "worker/network/matrix_product.h"

namespace caviar::network {

// input: [inputs x count]; output: [units x count].
template <typename Scalar, typename Product>
void DenseForward(const LayerLayout& layer, const Scalar* parameters, const Scalar* input,
                  int count, Product& product, Scalar* output) {
  product.template Compute<Operand::kPlain, Operand::kPlain>(
      layer.units, count, layer.inputs, parameters + layer.weights, input, output);
  if (layer.bias < 0) return;
  const ConstVectorView<Scalar> bias(parameters + layer.bias, layer.units);
  MatrixView<Scalar> z(output, layer.units, count);
  for (int j = 0; j < count; ++j) z.col(j) += bias;
}

// From the loss's gradient by z: the gradient by the weights (with the penalty's, l2 * W) and the
// bias, and by the input unless `input_gradient` is null.
template <typename Scalar, typename Product>
void DenseBackward(const LayerLayout& layer, const Scalar* parameters, const Scalar* input,
                   const Scalar* output_gradient, int count, Scalar l2, Product& product,
                   Scalar* gradient, Scalar* input_gradient) {
  product.template Compute<Operand::kPlain, Operand::kTransposed>(
      layer.units, layer.inputs, count, output_gradient, input, gradient + layer.weights);
  const Eigen::Index weights = Eigen::Index{layer.units} * layer.inputs;
  if (l2 != Scalar(0)) {
    VectorView<Scalar>(gradient + layer.weights, weights) +=
        l2 * ConstVectorView<Scalar>(parameters + layer.weights, weights);
  }
  if (layer.bias >= 0) {
    VectorView<Scalar> bias(gradient + layer.bias, layer.units);
    const ConstMatrixView<Scalar> dz(output_gradient, layer.units, count);
    bias.setZero();
    for (int j = 0; j < count; ++j) bias += dz.col(j);
  }
  if (input_gradient != nullptr) {
    product.template Compute<Operand::kTransposed, Operand::kPlain>(
        layer.inputs, count, layer.units, parameters + layer.weights, output_gradient,
        input_gradient);
  }
}

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_DENSE_H_
