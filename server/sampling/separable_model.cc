#include "server/sampling/separable_model.h"

#include <Eigen/Cholesky>
#include <cmath>

namespace caviar::sampling {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

namespace {

constexpr double kRidge = 1e-3;  // a point

}  // namespace

int SeparableModel::CoefficientsOf(const ModelSpace& space) {
  int count = 1;
  for (int axis = 0; axis < space.dimensions(); ++axis) {
    const ModelAxis& model = space.axis(axis);
    count += model.kind == ModelAxis::Kind::kCategorical ? model.categories : 2;
  }
  return count;
}

SeparableModel::SeparableModel(const ModelSpace& space, const std::vector<ModelPoint>& ranked)
    : space_(space) {
  const auto n = static_cast<Eigen::Index>(ranked.size());
  const Eigen::Index p = CoefficientsOf(space);
  Eigen::MatrixXd features(n, p);
  Eigen::VectorXd values(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double weight = std::sqrt(1 - 0.9 * static_cast<double>(i) / static_cast<double>(n));
    features.row(i) = weight * FeaturesOf(ranked[static_cast<size_t>(i)]).transpose();
    values(i) = weight * std::log(static_cast<double>(i) + 1);
  }
  Eigen::MatrixXd normal = features.transpose() * features;
  normal.diagonal().array() += kRidge * static_cast<double>(n);
  coefficients_ = normal.ldlt().solve(features.transpose() * values);
}

double SeparableModel::Value(const ModelPoint& point) const {
  return coefficients_.dot(FeaturesOf(point));
}

Eigen::VectorXd SeparableModel::FeaturesOf(const ModelPoint& point) const {
  Eigen::VectorXd features = Eigen::VectorXd::Zero(CoefficientsOf(space_));
  features(0) = 1;
  Eigen::Index at = 1;
  for (int axis = 0; axis < space_.dimensions(); ++axis) {
    const ModelAxis& model = space_.axis(axis);
    const double place = point[static_cast<size_t>(axis)];
    if (model.kind == ModelAxis::Kind::kCategorical) {
      if (!std::isnan(place)) features(at + static_cast<Eigen::Index>(place)) = 1;
      at += model.categories;
      continue;
    }
    // From the middle of the axis.
    const double x = std::isnan(place) ? 0 : 2 * place - 1;
    features(at++) = x;
    features(at++) = x * x;
  }
  return features;
}

}  // namespace caviar::sampling
