#include "server/sampling/cma_learning_rate.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/cma_distribution.h"

namespace caviar::sampling::cma {
namespace {

// As in the paper: the ratio of signal to noise that is aimed at, and the longest step of a rate.
constexpr double kAim = 1.4, kLongestStep = 0.1;

}  // namespace

double LearningRate::Adapt(const Eigen::VectorXd& update) {
  if (average_.size() == 0) average_ = Eigen::VectorXd::Zero(update.size());
  average_ = (1 - memory_) * average_ + memory_ * update;
  square_ = (1 - memory_) * square_ + memory_ * update.squaredNorm();
  const double length = average_.squaredNorm();
  const double noise = square_ - length;
  if (noise > 0) {
    // What independent updates would leave in the average is no signal.
    const double ratio = (length - memory_ / (2 - memory_) * square_) / noise;
    const double step = std::clamp(ratio / (kAim * rate_) - 1, -1.0, 1.0);
    rate_ = std::min(1.0, rate_ * std::exp(std::min(kLongestStep * rate_, memory_) * step));
  }
  return rate_;
}

void Distribution::MoveLess(const Moments& before) {
  // Both updates in coordinates in which the distribution before is the standard normal one.
  const Eigen::VectorXd moved = (mean_ - before.mean).cwiseQuotient(margin_) / before.sigma;
  const double grown = sigma_ * sigma_ / (before.sigma * before.sigma);
  const Eigen::MatrixXd update = grown * covariance_ - before.covariance;
  const Eigen::MatrixXd to_standard =
      before.vectors * before.roots.cwiseInverse().asDiagonal() * before.vectors.transpose();
  const Eigen::MatrixXd turned = to_standard * update * to_standard / std::sqrt(2.0);
  const double rate_before = mean_rate_.rate();
  const double mean_rate = mean_rate_.Adapt(to_standard * moved);
  const double covariance_rate =
      covariance_rate_.Adapt(Eigen::Map<const Eigen::VectorXd>(turned.data(), turned.size()));
  mean_ = before.mean + mean_rate * (mean_ - before.mean);
  covariance_ = before.covariance + covariance_rate * update;
  Decompose();
  // Sigma gets the mean deviation, which the covariance loses; the smaller the rate of the mean,
  // the larger the best sigma.
  const double logs = roots_.array().log().mean();
  covariance_ *= std::exp(-2 * logs);
  Decompose();
  SetSigma(before.sigma * std::exp(logs) * rate_before / mean_rate);
}

}  // namespace caviar::sampling::cma
