#include "server/analysis/quadratic_trend.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace caviar::analysis {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

// The time grows with their cube: some hundredths of a second for so many.
constexpr size_t kMostTerms = 256;
constexpr int kMostCategories = 32;
constexpr double kWeakestRidge = 1e-4, kStrongestRidge = 2e3;
// Directions of less than this share of the greatest spread are rounding.
constexpr double kRounding = 1e-10;

}  // namespace

void QuadraticTrend::ChooseTerms(const ModelSpace& space) {
  std::vector<size_t> numeric;
  for (int i = 0; i < space.dimensions(); ++i) {
    const ModelAxis& axis = space.axis(i);
    const auto at = static_cast<size_t>(i);
    std::vector<Term> terms;
    if (space.conditional(i)) terms.push_back({.kind = Term::Kind::kActive, .axis = at});
    if (axis.kind != ModelAxis::Kind::kCategorical) {
      terms.push_back({.kind = Term::Kind::kLinear, .axis = at});
      terms.push_back({.kind = Term::Kind::kProduct, .axis = at, .other = at});
      numeric.push_back(at);
    } else if (axis.categories <= kMostCategories) {
      for (int category = 0; category < axis.categories; ++category) {
        terms.push_back(
            {.kind = Term::Kind::kCategory, .axis = at, .category = static_cast<double>(category)});
      }
    }
    if (terms_.size() + terms.size() > kMostTerms) return;
    terms_.insert(terms_.end(), terms.begin(), terms.end());
  }
  const size_t pairs = numeric.size() * (numeric.size() - std::min<size_t>(1, numeric.size())) / 2;
  if (terms_.size() + pairs > kMostTerms) return;
  for (size_t i = 0; i < numeric.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      terms_.push_back({.kind = Term::Kind::kProduct, .axis = numeric[i], .other = numeric[j]});
    }
  }
}

double QuadraticTrend::ValueOf(const Term& term, const ModelPoint& place) {
  const double at = place[term.axis];
  if (std::isnan(at)) return 0;
  const auto centred = [](double coordinate) { return 2 * coordinate - 1; };
  switch (term.kind) {
    case Term::Kind::kActive:
      return 1;
    case Term::Kind::kCategory:
      return at == term.category ? 1 : 0;
    case Term::Kind::kLinear:
      return centred(at);
    case Term::Kind::kProduct:
      break;
  }
  const double other = place[term.other];
  return std::isnan(other) ? 0 : centred(at) * centred(other);
}

Eigen::VectorXd QuadraticTrend::ValuesAt(const ModelPoint& place) const {
  Eigen::VectorXd values(static_cast<Eigen::Index>(terms_.size()));
  for (size_t i = 0; i < terms_.size(); ++i) {
    values[static_cast<Eigen::Index>(i)] = ValueOf(terms_[i], place);
  }
  return values;
}

QuadraticTrend::QuadraticTrend(const ModelSpace& space, const std::vector<ModelPoint>& places,
                               const std::vector<double>& values) {
  ChooseTerms(space);
  const auto count = static_cast<Eigen::Index>(places.size());
  Eigen::MatrixXd terms(count, static_cast<Eigen::Index>(terms_.size()));
  for (Eigen::Index i = 0; i < count; ++i) {
    terms.row(i) = ValuesAt(places[static_cast<size_t>(i)]);
  }
  const Eigen::Map<const Eigen::VectorXd> all(values.data(), count);
  means_ = terms.colwise().mean();
  mean_ = all.mean();
  least_ = all.minCoeff();
  greatest_ = all.maxCoeff();
  weights_ = Eigen::VectorXd::Zero(terms.cols());
  if (terms_.empty()) return;
  Fit(terms.rowwise() - means_.transpose(), all.array() - mean_);
}

// `terms` [trials x terms] and `values` [trials] are centred.
void QuadraticTrend::Fit(Eigen::MatrixXd terms, Eigen::VectorXd values) {
  Eigen::MatrixXd gram = terms.transpose() * terms;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  const Eigen::ArrayXd spread = solver.eigenvalues().array().max(0.0);
  const double rounding = kRounding * spread.maxCoeff();
  // 1 / singular values; 0 where there is no spread.
  const Eigen::ArrayXd inverse = (spread > rounding).select(spread.max(1e-300).rsqrt(), 0.0);
  const Eigen::MatrixXd directions =
      (terms * solver.eigenvectors()) * inverse.matrix().asDiagonal();  // orthonormal columns
  const Eigen::MatrixXd squares = directions.cwiseAbs2();
  const Eigen::VectorXd along = directions.transpose() * values;
  const double share = 1 / static_cast<double>(values.size());  // the mean's part of a leverage
  double least_error = (values / std::max(1e-3, 1 - share)).squaredNorm();
  for (double ridge = kWeakestRidge; ridge < kStrongestRidge; ridge *= 2) {
    const Eigen::VectorXd kept = spread / (spread + ridge);
    const Eigen::ArrayXd left = (values - directions * kept.cwiseProduct(along)).array();
    const Eigen::ArrayXd leverage = (squares * kept).array() + share;
    const double error = (left / (1 - leverage).max(1e-3)).square().sum();
    if (!(error < least_error)) continue;
    least_error = error;
    weights_ = solver.eigenvectors() * (kept.array() * along.array() * inverse).matrix();
  }
}

double QuadraticTrend::Predict(const ModelPoint& place) const {
  const double above = weights_.dot(ValuesAt(place) - means_);
  return std::clamp(mean_ + above, least_, greatest_);
}

}  // namespace caviar::analysis
