// Softmax and cross-entropy over a batch.
#ifndef CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_
#define CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_

#include <cmath>
#include <cstdint>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"
#include "worker/network/network_interface.h"

namespace caviar::network {

// What is minimized: with targets q[c] = (1 - s) * [c is the label] + s / classes, class weights w
// and log-probabilities log p, the weighted mean
//
//   sum over examples of (-sum over c of w[c] * q[c] * log p[c]) / sum over examples of w[label]
//
// as PyTorch's cross_entropy has it. Without smoothing and weights it is the mean of -log p[label].
template <typename Scalar>
class SoftmaxCrossEntropy {
 public:
  SoftmaxCrossEntropy(const UpdateRule& rule, int classes)
      : smoothing_(rule.label_smoothing),
        weights_(Vector<Scalar>::Ones(classes)),
        plain_(rule.label_smoothing == 0 && rule.class_weights.empty()) {
    for (size_t c = 0; c < rule.class_weights.size(); ++c) {
      weights_[static_cast<Eigen::Index>(c)] = Scalar(rule.class_weights[c]);
    }
  }

  // Loss and hits of logits [classes x count], and what is minimized with its gradient by them. The
  // largest logit is subtracted first, so that no exponential overflows.
  BatchResult Compute(ConstMatrixView<Scalar> logits, const int32_t* labels,
                      MatrixView<Scalar> gradient) const {
    BatchResult result = Evaluate(logits, labels, gradient);
    if (plain_) {
      result.minimized = result.loss;
      const Scalar share = Scalar(1) / Scalar(logits.cols());
      for (Eigen::Index j = 0; j < logits.cols(); ++j) {
        gradient.col(j) *= share;
        gradient(labels[j], j) -= share;
      }
    } else {
      Weigh(logits, labels, gradient, result);
    }
    return result;
  }

  // Loss and hits alone, and the classes' probabilities.
  static BatchResult Evaluate(ConstMatrixView<Scalar> logits, const int32_t* labels,
                              MatrixView<Scalar> probabilities) {
    const Eigen::Index count = logits.cols();
    BatchResult result;
    for (Eigen::Index j = 0; j < count; ++j) {
      Eigen::Index largest = 0;
      for (Eigen::Index i = 1; i < logits.rows(); ++i) {
        if (logits(i, j) > logits(largest, j)) largest = i;
      }
      result.correct += largest == labels[j] ? 1 : 0;
      probabilities.col(j) = logits.col(j).array() - logits(largest, j);
      result.loss -= probabilities(labels[j], j);
    }
    probabilities = probabilities.array().exp();
    for (Eigen::Index j = 0; j < count; ++j) {
      Scalar sum = 0;
      for (Eigen::Index i = 0; i < probabilities.rows(); ++i) sum += probabilities(i, j);
      result.loss += std::log(static_cast<double>(sum));
      probabilities.col(j) *= Scalar(1) / sum;
    }
    result.loss /= static_cast<double>(count);
    return result;
  }

 private:
  // gradient: the probabilities on entry. By logit k it is (p[k] * sum over c of w[c] * q[c] - w[k]
  // * q[k]) / sum over examples of w[label].
  void Weigh(ConstMatrixView<Scalar> logits, const int32_t* labels, MatrixView<Scalar> gradient,
             BatchResult& result) const {
    const Eigen::Index classes = logits.rows();
    double total = 0;
    for (Eigen::Index j = 0; j < logits.cols(); ++j) total += weights_[labels[j]];
    const Scalar even = Scalar(smoothing_ / static_cast<double>(classes));
    const Scalar own = Scalar(1 - smoothing_);
    const Scalar share = Scalar(1 / total);
    double sum = 0;
    for (Eigen::Index j = 0; j < logits.cols(); ++j) {
      const int32_t label = labels[j];
      // log p[c] = z[c] - log(sum(exp z)).
      const double log_sum = LogSum(logits, j);
      Scalar mass = 0;
      for (Eigen::Index c = 0; c < classes; ++c) {
        const Scalar weighed = weights_[c] * (even + (c == label ? own : Scalar(0)));
        mass += weighed;
        sum -= static_cast<double>(weighed) * (static_cast<double>(logits(c, j)) - log_sum);
      }
      for (Eigen::Index c = 0; c < classes; ++c) {
        const Scalar weighed = weights_[c] * (even + (c == label ? own : Scalar(0)));
        gradient(c, j) = share * (gradient(c, j) * mass - weighed);
      }
    }
    result.minimized = sum / total;
  }

  static double LogSum(ConstMatrixView<Scalar> logits, Eigen::Index j) {
    const double largest = static_cast<double>(logits.col(j).maxCoeff());
    double sum = 0;
    for (Eigen::Index c = 0; c < logits.rows(); ++c) {
      sum += std::exp(static_cast<double>(logits(c, j)) - largest);
    }
    return largest + std::log(sum);
  }

  double smoothing_;
  Vector<Scalar> weights_;
  bool plain_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_SOFTMAX_CROSS_ENTROPY_H_
