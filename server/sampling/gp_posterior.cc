#include "server/sampling/gp_posterior.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace caviar::sampling::gp {
namespace {

// Of the prior's variance: what a prediction has at least.
constexpr double kLeastVariance = 1e-12;
// Share of the noise that pending points are not given: they are not to be asked for again.
constexpr double kPendingSurety = 0.99;

}  // namespace

Posterior::Posterior(Covariance covariance, double noise, Grid points,
                     const std::vector<double>& values, int pending,
                     const std::vector<double>& own_noise)
    : covariance_(std::move(covariance)),
      noise_(noise),
      points_(std::move(points)),
      seen_(static_cast<int>(values.size())),
      count_(seen_ + pending) {
  const int padded = PaddedTo(count_);
  Grid factor(padded, padded);
  const auto fill = [&](double jitter) {
    OwnCovariances(covariance_, points_, count_, noise_ + jitter, factor);
    for (size_t i = 0; i < own_noise.size(); ++i) {
      factor(static_cast<int>(i), static_cast<int>(i)) += own_noise[i];
    }
    for (int i = seen_; i < count_; ++i) factor(i, i) -= kPendingSurety * noise_;
  };
  fill(0);
  for (double jitter = 1e-10 * covariance_.Prior(); !Factorize(factor); jitter *= 10) fill(jitter);
  inverse_factor_.Resize(padded, padded);
  transposed_.Resize(padded, padded);
  InvertFactor(factor, inverse_factor_, transposed_);
  // The factor of the first ones alone is the upper left corner of that of all.
  weights_.assign(static_cast<size_t>(count_), 0.0);
  for (int i = 0; i < seen_; ++i) {
    const double* row = inverse_factor_.row(i);
    double sum = 0;
    for (int j = 0; j <= i; ++j) sum += row[j] * values[static_cast<size_t>(j)];
    for (int j = 0; j <= i; ++j) weights_[static_cast<size_t>(j)] += row[j] * sum;
  }
  rows_.Resize(padded, kLanes);
  solved_.Resize(padded, kLanes);
  factors_.Resize(padded, kLanes);
  slopes_.Resize((1 + static_cast<int>(covariance_.additive.size())) * std::max(count_, 1), kLanes);
}

Prediction Posterior::PredictionOf(int lane) const {
  const double prior = covariance_.Prior(), least = kLeastVariance * prior;
  double mean = 0, seen = 0, pending = 0;
  for (int i = 0; i < seen_; ++i) {
    mean += weights_[static_cast<size_t>(i)] * rows_(i, lane);
    seen += solved_(i, lane) * solved_(i, lane);
  }
  for (int i = seen_; i < count_; ++i) pending += solved_(i, lane) * solved_(i, lane);
  return {mean, std::sqrt(std::max(prior - seen - pending, least)),
          std::sqrt(std::max(prior - seen, least))};
}

void Posterior::PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]) {
  // A grid of the one vector, so that it and all that comes of it stay near.
  Grid one;
  one.Reshape(at.rows(), kLanes);
  for (int c = 0; c < at.rows(); ++c) {
    std::copy_n(at.row(c) + vector * kLanes, kLanes, one.row(c));
  }
  Covariances(covariance_, one, 0, 1, points_, count_, rows_);
  MultiplyByFactor(transposed_, rows_, solved_);
  for (int lane = 0; lane < kLanes; ++lane) {
    last_[lane] = PredictionOf(lane);
    predictions[lane] = last_[lane];
  }
}

void Posterior::Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                         Grid& gradient) {
  Slopes(covariance_, at, vector, points_, count_, slopes_);
  // deviation² = prior - |V·k|², so that it falls by Vᵀ·V·k / deviation a covariance.
  Grid& scaled = rows_;
  for (int lane = 0; lane < kLanes; ++lane) {
    const double all = by[lane].deviation / last_[lane].deviation;
    const double seen = all + by[lane].seen_deviation / last_[lane].seen_deviation;
    for (int i = 0; i < count_; ++i) {
      scaled(i, lane) = (i < seen_ ? seen : all) * solved_(i, lane);
    }
  }
  MultiplyByTransposedFactor(inverse_factor_, scaled, factors_);
  for (int i = 0; i < count_; ++i) {
    for (int lane = 0; lane < kLanes; ++lane) {
      factors_(i, lane) = by[lane].mean * weights_[static_cast<size_t>(i)] - factors_(i, lane);
    }
  }
  gradient.Reshape(at.rows(), kLanes);
  PointGradient(covariance_, at, vector, points_, count_, slopes_, factors_, gradient);
}

}  // namespace caviar::sampling::gp
