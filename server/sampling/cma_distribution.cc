#include "server/sampling/cma_distribution.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <utility>

#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::cma {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

namespace {

// Relative to the tutorial's. Few trials ask for quick learning.
constexpr double kCovarianceRate = 2, kPathRate = 0.5, kDamping = 0.35;
constexpr double kCategoryRate = 0.2;
// Points outside of the cube are drawn again so many times, then cut.
constexpr int kInsideDraws = 20;
constexpr double kMinSigma = 1e-12, kMaxSigma = 1;

size_t At(int axis) { return static_cast<size_t>(axis); }

}  // namespace

Distribution::Distribution(const ModelSpace& space, const ModelPoint& mean, double sigma,
                           int population)
    : population_(population), sigma_(sigma) {
  std::vector<double> means;
  for (int axis = 0; axis < space.dimensions(); ++axis) {
    const ModelAxis& model = space.axis(axis);
    if (model.kind == ModelAxis::Kind::kCategorical) {
      categories_.push_back({axis, std::vector<double>(static_cast<size_t>(model.categories),
                                                       1.0 / model.categories)});
      continue;
    }
    numbers_.push_back({axis, model.places});
    means.push_back(std::isnan(mean[At(axis)]) ? 0.5 : mean[At(axis)]);
  }
  const auto d = static_cast<Index>(means.size());
  diagonal_ = d > kMaxFullDimensions;
  mean_ = Eigen::Map<const VectorXd>(means.data(), d);
  path_sigma_ = path_c_ = VectorXd::Zero(d);
  margin_ = roots_ = VectorXd::Ones(d);
  if (diagonal_) {
    covariance_ = MatrixXd::Ones(d, 1);
  } else {
    covariance_ = vectors_ = MatrixXd::Identity(d, d);
  }
  SetRates();
}

void Distribution::SetRates() {
  const double d = std::max(1, numbers());
  const int mu = population_ / 2;
  weights_.resize(population_);
  for (int i = 0; i < population_; ++i) {
    weights_(i) = std::log((population_ + 1) / 2.0) - std::log(i + 1.0);
  }
  const auto better = weights_.head(mu);
  const auto worse = weights_.tail(population_ - mu);
  mu_eff_ = better.sum() * better.sum() / better.squaredNorm();
  const double worse_eff = worse.sum() * worse.sum() / worse.squaredNorm();
  c_sigma_ = kPathRate * (mu_eff_ + 2) / (d + mu_eff_ + 5);
  d_sigma_ = kDamping * (1 + 2 * std::max(0.0, std::sqrt((mu_eff_ - 1) / (d + 1)) - 1) + c_sigma_);
  c_c_ = (4 + mu_eff_ / d) / (d + 4 + 2 * mu_eff_ / d);
  const double rate = 2 * kCovarianceRate * (diagonal_ ? (d + 2) / 3 : 1);
  c_1_ = std::min(0.5, rate / ((d + 1.3) * (d + 1.3) + mu_eff_));
  c_mu_ = std::min(1 - c_1_, rate * (mu_eff_ - 2 + 1 / mu_eff_) / ((d + 2) * (d + 2) + mu_eff_));
  chi_ = std::sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
  // Equation 53: what keeps the covariance positive definite.
  const double negative = std::min(
      {1 + c_1_ / c_mu_, 1 + 2 * worse_eff / (mu_eff_ + 2), (1 - c_1_ - c_mu_) / (d * c_mu_)});
  const double better_sum = better.sum(), worse_sum = std::abs(worse.sum());
  weights_.head(mu) /= better_sum;
  weights_.tail(population_ - mu) *= std::max(0.0, negative) / worse_sum;
}

double Distribution::Deviation(Index i) const {
  const double variance = diagonal_ ? covariance_(i, 0) : covariance_(i, i);
  return std::max(kMinSigma, sigma_ * margin_(i) * std::sqrt(std::max(variance, 0.0)));
}

VectorXd Distribution::FromStandard(const VectorXd& z) const {
  if (diagonal_) return roots_.cwiseProduct(z);
  return vectors_ * roots_.cwiseProduct(z);
}

VectorXd Distribution::ToStandard(const VectorXd& step) const {
  if (diagonal_) return step.cwiseQuotient(roots_);
  return (vectors_.transpose() * step).cwiseQuotient(roots_);
}

ModelPoint Distribution::Draw(const Uniform& uniform) const {
  ModelPoint point(numbers_.size() + categories_.size());
  VectorXd x = mean_;
  for (int draw = 0; draw < kInsideDraws; ++draw) {
    VectorXd z(mean_.size());
    for (Index i = 0; i < z.size(); ++i) z(i) = NormalQuantile(uniform());
    x = mean_ + sigma_ * margin_.cwiseProduct(FromStandard(z));
    bool inside = true;
    for (Index i = 0; i < x.size(); ++i) {
      inside =
          inside && (!numbers_[static_cast<size_t>(i)].places.empty() || (x(i) >= 0 && x(i) <= 1));
    }
    if (inside) break;
  }
  for (size_t i = 0; i < numbers_.size(); ++i) {
    const Number& number = numbers_[i];
    const double at = std::clamp(x(static_cast<Index>(i)), 0.0, 1.0);
    point[At(number.axis)] = number.places.empty() ? at : number.places[CellOf(number, at)];
  }
  for (const Category& category : categories_) {
    double u = uniform();
    size_t chosen = 0;
    const std::vector<double>& p = category.probabilities;
    while (chosen + 1 < p.size() && (u -= p[chosen]) >= 0) ++chosen;
    point[At(category.axis)] = static_cast<double>(chosen);
  }
  return point;
}

VectorXd Distribution::StepTo(const ModelPoint& point, const Uniform& uniform) const {
  VectorXd step(mean_.size());
  for (Index i = 0; i < step.size(); ++i) {
    const Number& number = numbers_[static_cast<size_t>(i)];
    const double deviation = Deviation(i);
    double x = point[At(number.axis)];
    if (std::isnan(x)) {
      x = mean_(i) + deviation * NormalQuantile(uniform());
    } else if (!number.places.empty()) {
      const size_t cell = CellOf(number, x);
      x = TruncatedNormal(uniform(), mean_(i), deviation, Edge(number, cell),
                          Edge(number, cell + 1));
    }
    step(i) = (x - mean_(i)) / (sigma_ * margin_(i));
  }
  const double d = std::max(1, numbers());
  const double length = ToStandard(step).norm(), longest = std::sqrt(d) + 2 * d / (d + 2);
  if (length > longest) step *= longest / length;
  return step;
}

void Distribution::Learn(const std::vector<ModelPoint>& ranked, bool noisy,
                         const Uniform& uniform) {
  ++generation_;
  LearnCategories(ranked);
  KeepCategoryMargins();
  if (numbers_.empty()) return;
  MatrixXd steps(mean_.size(), population_);
  for (int i = 0; i < population_; ++i) {
    steps.col(i) = StepTo(ranked[static_cast<size_t>(i)], uniform);
  }
  const Moments before = {mean_, sigma_, covariance_, roots_, vectors_};
  LearnNumbers(steps);
  if (noisy && !diagonal_) MoveLess(before);
  KeepNumberMargins();
}

void Distribution::LearnNumbers(const MatrixXd& steps) {
  const int mu = population_ / 2;
  const double d = numbers();
  const VectorXd step = steps.leftCols(mu) * weights_.head(mu);
  mean_ = (mean_ + sigma_ * margin_.cwiseProduct(step)).cwiseMax(0).cwiseMin(1);
  const VectorXd standard = ToStandard(step);
  path_sigma_ =
      (1 - c_sigma_) * path_sigma_ + std::sqrt(c_sigma_ * (2 - c_sigma_) * mu_eff_) *
                                         (diagonal_ ? standard : VectorXd(vectors_ * standard));
  const double length = path_sigma_.norm();
  const double grown = std::sqrt(1 - std::pow(1 - c_sigma_, 2 * (generation_ + 1)));
  const bool stalled = length / grown >= (1.4 + 2 / (d + 1)) * chi_;
  path_c_ *= 1 - c_c_;
  if (!stalled) path_c_ += std::sqrt(c_c_ * (2 - c_c_) * mu_eff_) * step;
  LearnCovariance(steps, stalled);
  SetSigma(sigma_ * std::exp(std::min(1.0, c_sigma_ / d_sigma_ * (length / chi_ - 1))));
}

void Distribution::SetSigma(double sigma) { sigma_ = std::clamp(sigma, kMinSigma, kMaxSigma); }

void Distribution::LearnCovariance(const MatrixXd& steps, bool stalled) {
  const double d = numbers();
  VectorXd weights = weights_;
  for (int i = population_ / 2; i < population_; ++i) {
    weights(i) *= d / std::max(ToStandard(steps.col(i)).squaredNorm(), 1e-12);
  }
  const double keep = 1 - c_1_ * (stalled ? 1 - c_c_ * (2 - c_c_) : 1) - c_mu_ * weights_.sum();
  if (diagonal_) {
    covariance_ =
        keep * covariance_ + c_1_ * path_c_.cwiseAbs2() + c_mu_ * (steps.cwiseAbs2() * weights);
  } else {
    covariance_ = keep * covariance_ + c_1_ * path_c_ * path_c_.transpose() +
                  c_mu_ * steps * weights.asDiagonal() * steps.transpose();
  }
  Decompose();
}

void Distribution::Decompose() {
  // A condition of at most 1e14, as for the strategy's own restarts.
  constexpr double kLeast = 1e-14;
  if (diagonal_) {
    const double largest = std::max(covariance_.maxCoeff(), 1e-12);
    covariance_ = covariance_.cwiseMax(largest * kLeast);
    roots_ = covariance_.col(0).cwiseSqrt();
    return;
  }
  covariance_ = MatrixXd((covariance_ + covariance_.transpose()) / 2);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(covariance_);
  vectors_ = solver.eigenvectors();
  const double largest = std::max(solver.eigenvalues().maxCoeff(), 1e-12);
  roots_ = solver.eigenvalues().cwiseMax(largest * kLeast).cwiseSqrt();
}

void Distribution::LearnCategories(const std::vector<ModelPoint>& ranked) {
  for (Category& category : categories_) {
    std::vector<double>& p = category.probabilities;
    std::vector<double> chosen(p.size(), 0.0);
    double sum = 0;
    for (int i = 0; i < population_ / 2; ++i) {
      const double at = ranked[static_cast<size_t>(i)][At(category.axis)];
      if (std::isnan(at)) continue;
      chosen[static_cast<size_t>(at)] += weights_(i);
      sum += weights_(i);
    }
    for (size_t k = 0; k < p.size(); ++k) p[k] += kCategoryRate * (chosen[k] - sum * p[k]);
  }
}

double Distribution::Extent() const {
  double extent = 0;
  for (Index i = 0; i < mean_.size(); ++i) extent = std::max(extent, Deviation(i));
  return extent;
}

}  // namespace caviar::sampling::cma
