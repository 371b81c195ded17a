#include "server/sampling/gp_model.h"

#include <cmath>
#include <limits>

namespace caviar::sampling::gp {
namespace {

constexpr double kPenalty = 0.01;
constexpr double kVarianceTie = 0.03, kWeightTie = 0.1;
constexpr double kLog2Pi = 1.83787706640934548356;

struct Range {
  double center, lower, upper;
};
// Of outputs as WarpOutputs gives them, and of coordinates in [0, 1].
constexpr Range kVariance = {0.039, 1e-4, 10};
constexpr Range kNoise = {0.0039, 1e-8, 1};
constexpr Range kWeight = {2, 1e-2, 100};
constexpr Range kOwnVariance = {0.0039, 1e-6, 1};
constexpr Range kOwnWeight = {2, 1e-2, 1e4};
// Of the mean, which is not known: as a constant that is added to all covariances.
constexpr double kMeanVariance = 0.05;
// A sum that explains all, of functions that turn within a fifth of an axis.
constexpr double kRestVariance = 0.01, kSumVariance = 0.08, kSumWeight = 20;

// penalty·Σ(log - mean)² over the `count` logarithms from `first` on.
void AddTie(const std::vector<double>& logs, size_t first, size_t count, double penalty,
            double& cost, std::vector<double>& gradient) {
  double mean = 0;
  for (size_t i = first; i < first + count; ++i) mean += logs[i] / static_cast<double>(count);
  for (size_t i = first; i < first + count; ++i) {
    const double from_mean = logs[i] - mean;
    cost += penalty * from_mean * from_mean;
    gradient[i] += 2 * penalty * from_mean;
  }
}

}  // namespace

ModelForm::ModelForm(const PointLayout& layout, bool additive)
    : layout_(layout), additive_(additive) {
  const auto add = [&](const Range& range) {
    centers_.push_back(std::log(range.center));
    lower_.push_back(std::log(range.lower));
    upper_.push_back(std::log(range.upper));
  };
  add(kVariance);
  add(kNoise);
  for (int i = 0; i < layout.groups(); ++i) add(kWeight);
  if (!additive) return;
  for (int i = 0; i < layout.groups(); ++i) {
    if (!layout.unordered(i)) terms_.push_back(static_cast<size_t>(i));
  }
  for (size_t i = 0; i < terms_.size(); ++i) add(kOwnVariance);
  for (size_t i = 0; i < terms_.size(); ++i) add(kOwnWeight);
}

Covariance ModelForm::CovarianceOf(const std::vector<double>& logs) const {
  Covariance covariance;
  covariance.columns = layout_.columns();
  covariance.variance = std::exp(logs[0]);
  covariance.constant = kMeanVariance;
  for (Covariance::Column& column : covariance.columns) {
    column.weight = std::exp(logs[2 + static_cast<size_t>(column.group)]);
  }
  if (!additive_) return covariance;
  const auto groups = static_cast<size_t>(layout_.groups());
  covariance.additive.resize(groups);
  for (size_t i = 0; i < terms_.size(); ++i) {
    const double weight = std::exp(logs[2 + groups + terms_.size() + i]);
    covariance.additive[terms_[i]] = {std::exp(logs[2 + groups + i]), weight, std::sqrt(weight)};
  }
  return covariance;
}

double ModelForm::NoiseOf(const std::vector<double>& logs) { return std::exp(logs[1]); }

std::vector<double> ModelForm::MostlyAdditive() const {
  std::vector<double> logs = centers_;
  logs[0] = std::log(kRestVariance);
  const size_t terms = terms_.size(), first = logs.size() - 2 * terms;
  for (size_t i = 0; i < terms; ++i) {
    logs[first + i] = std::log(kSumVariance / static_cast<double>(terms));
    logs[first + terms + i] = std::log(kSumWeight);
  }
  return logs;
}

void ModelForm::AddPenalties(const std::vector<double>& logs, double& cost,
                             std::vector<double>& gradient) const {
  for (size_t i = 0; i < logs.size(); ++i) {
    const double from_center = logs[i] - centers_[i];
    cost += kPenalty * from_center * from_center;
    gradient[i] += 2 * kPenalty * from_center;
  }
  const size_t terms = terms_.size(), first = logs.size() - 2 * terms;
  AddTie(logs, first, terms, kVarianceTie, cost, gradient);
  AddTie(logs, first + terms, terms, kWeightTie, cost, gradient);
}

std::vector<double> ModelForm::Flatten(const CovarianceGradient& gradient, double noise) const {
  std::vector<double> flat = {gradient.variance, gradient.trace * noise};
  flat.insert(flat.end(), gradient.weights.begin(), gradient.weights.end());
  for (const size_t term : terms_) flat.push_back(gradient.additive_variances[term]);
  for (const size_t term : terms_) flat.push_back(gradient.additive_weights[term]);
  return flat;
}

Likelihood::Likelihood(const ModelForm& form, const Grid& points, const std::vector<double>& values,
                       const std::vector<double>& own_noise)
    : form_(form), points_(points), values_(values), own_noise_(own_noise) {
  const int padded = PaddedTo(static_cast<int>(values.size()));
  for (Grid* grid : {&factor_, &inverse_factor_, &transposed_, &by_entry_}) {
    grid->Resize(padded, padded);
  }
}

double Likelihood::Evaluate(const std::vector<double>& logs, std::vector<double>& gradient) {
  const int n = static_cast<int>(values_.size());
  const Covariance covariance = form_.CovarianceOf(logs);
  const double noise = ModelForm::NoiseOf(logs);
  gradient.assign(logs.size(), 0.0);
  OwnCovariances(covariance, points_, n, noise, factor_);
  for (size_t i = 0; i < own_noise_.size(); ++i) {
    factor_(static_cast<int>(i), static_cast<int>(i)) += own_noise_[i];
  }
  if (!Factorize(factor_)) return std::numeric_limits<double>::infinity();
  InvertFactor(factor_, inverse_factor_, transposed_);
  // y·K⁻¹·y = |V·y|²; K⁻¹·y = Vᵀ·V·y.
  double value = 0.5 * n * kLog2Pi;
  weighted_.assign(static_cast<size_t>(n), 0.0);
  for (int i = 0; i < n; ++i) {
    const double* row = inverse_factor_.row(i);
    double sum = 0;
    for (int j = 0; j <= i; ++j) sum += row[j] * values_[static_cast<size_t>(j)];
    for (int j = 0; j <= i; ++j) weighted_[static_cast<size_t>(j)] += row[j] * sum;
    value += 0.5 * sum * sum + std::log(factor_(i, i));
  }
  // The derivative by an entry of K: (K⁻¹ - K⁻¹·y·yᵀ·K⁻¹) / 2.
  SquareOfFactor(inverse_factor_, by_entry_);
  for (int i = 0; i < n; ++i) {
    double* row = by_entry_.row(i);
    const double w = weighted_[static_cast<size_t>(i)];
    for (int j = i; j < n; ++j) row[j] = 0.5 * (row[j] - w * weighted_[static_cast<size_t>(j)]);
  }
  CovarianceGradient by_parameter;
  ParameterGradient(covariance, points_, n, by_entry_, by_parameter);
  gradient = form_.Flatten(by_parameter, noise);
  form_.AddPenalties(logs, value, gradient);
  return value;
}

}  // namespace caviar::sampling::gp
