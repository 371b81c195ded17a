// Softmax and cross-entropy over a batch: the mean of -log softmax(z)[label].
#ifndef CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_
#define CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_

#include <cmath>
#include <cstdint>

#include "worker/network/eigen.h"
#include "worker/network/network_interface.h"

namespace caviar::network {

// Loss and hits of logits [classes x count], and the loss's gradient by them: (softmax(z) -
// one-hot) / count. The largest logit is subtracted first, so that no exponential overflows; the
// loss is log(sum(exp(z - max))) - (z[label] - max), summed in double.
template <typename Scalar>
BatchResult SoftmaxCrossEntropy(ConstMatrixView<Scalar> logits, const int32_t* labels,
                                MatrixView<Scalar> gradient) {
  const Eigen::Index count = logits.cols();
  BatchResult result;
  for (Eigen::Index j = 0; j < count; ++j) {
    Eigen::Index largest = 0;
    for (Eigen::Index i = 1; i < logits.rows(); ++i) {
      if (logits(i, j) > logits(largest, j)) largest = i;
    }
    result.correct += largest == labels[j] ? 1 : 0;
    gradient.col(j) = logits.col(j).array() - logits(largest, j);
    result.loss -= gradient(labels[j], j);
  }
  gradient = gradient.array().exp();
  const Scalar share = Scalar(1) / Scalar(count);
  for (Eigen::Index j = 0; j < count; ++j) {
    Scalar sum = 0;
    for (Eigen::Index i = 0; i < gradient.rows(); ++i) sum += gradient(i, j);
    result.loss += std::log(static_cast<double>(sum));
    gradient.col(j) *= share / sum;
    gradient(labels[j], j) -= share;
  }
  result.loss /= static_cast<double>(count);
  return result;
}

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_
