// Where the search distribution starts from what earlier studies found.
#include <algorithm>
#include <cmath>

#include "server/sampling/cma_distribution.h"

namespace caviar::sampling::cma {

using Eigen::Index;
using Eigen::MatrixXd;
using search_space::ModelPoint;
using search_space::ModelSpace;

namespace {

// Axis by axis, over the points that have it; NaN: none has it.
ModelPoint MeanOf(const std::vector<ModelPoint>& points) {
  ModelPoint mean(points.front().size(), 0.0);
  for (size_t axis = 0; axis < mean.size(); ++axis) {
    double count = 0;
    for (const ModelPoint& point : points) {
      if (std::isnan(point[axis])) continue;
      mean[axis] += point[axis];
      ++count;
    }
    mean[axis] /= count;
  }
  return mean;
}

}  // namespace

Distribution Distribution::Over(const ModelSpace& space, const std::vector<ModelPoint>& points,
                                double spread, int population) {
  const ModelPoint mean = MeanOf(points);
  Distribution distribution(space, mean, spread, population);
  distribution.SpreadOver(points, mean);
  for (Category& category : distribution.categories_) {
    std::vector<double> shares(category.probabilities.size(), 0.0);
    double count = 0;
    for (const ModelPoint& point : points) {
      const double at = point[static_cast<size_t>(category.axis)];
      if (std::isnan(at)) continue;
      ++shares[static_cast<size_t>(at)];
      ++count;
    }
    if (count == 0) continue;
    for (size_t i = 0; i < shares.size(); ++i) {
      category.probabilities[i] = (category.probabilities[i] + shares[i] / count) / 2;
    }
  }
  distribution.KeepCategoryMargins();
  distribution.KeepNumberMargins();
  return distribution;
}

void Distribution::SpreadOver(const std::vector<ModelPoint>& points, const ModelPoint& mean) {
  const auto d = static_cast<Index>(numbers_.size());
  if (d == 0) return;
  // In units of the spread, which is sigma so far.
  MatrixXd steps = MatrixXd::Zero(d, static_cast<Index>(points.size()));
  for (Index k = 0; k < steps.cols(); ++k) {
    for (Index i = 0; i < d; ++i) {
      const auto axis = static_cast<size_t>(numbers_[static_cast<size_t>(i)].axis);
      const double at = points[static_cast<size_t>(k)][axis];
      if (!std::isnan(at)) steps(i, k) = (at - mean[axis]) / sigma_;
    }
  }
  const auto count = static_cast<double>(points.size());
  if (diagonal_) {
    covariance_ += steps.cwiseAbs2().rowwise().sum() / count;
  } else {
    covariance_ += steps * steps.transpose() / count;
  }
  Decompose();
  // Sigma gets the mean deviation, which the covariance loses.
  const double logs = roots_.array().log().mean();
  sigma_ *= std::exp(logs);
  covariance_ *= std::exp(-2 * logs);
  Decompose();
}

}  // namespace caviar::sampling::cma
