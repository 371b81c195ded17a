#include "server/sampling/gp_feasibility.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/gp_improvement.h"

namespace caviar::sampling::gp {
namespace {

// Distances from 0 beyond so many medians are all the same.
constexpr double kFarthest = 1e6;

// Of the distances from 0 that are neither 0 nor infinite; 1 where there is none.
double MedianDistance(const std::vector<double>& excesses) {
  std::vector<double> distances;
  for (const double excess : excesses) {
    if (std::isfinite(excess) && excess != 0) distances.push_back(std::abs(excess));
  }
  if (distances.empty()) return 1;
  const auto middle = distances.begin() + static_cast<ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

}  // namespace

std::vector<double> WarpExcesses(const std::vector<double>& excesses) {
  const double unit = MedianDistance(excesses);
  const auto distance = [&](double excess) {
    return std::log1p(std::min(std::abs(excess) / unit, kFarthest));
  };
  double largest = 0;
  for (const double excess : excesses) {
    if (std::isfinite(excess)) largest = std::max(largest, distance(excess));
  }
  if (largest == 0) largest = 1;
  std::vector<double> warped;
  for (const double excess : excesses) {
    const double size = std::isfinite(excess) ? distance(excess) / largest : 1;
    warped.push_back(excess <= 0 ? -0.5 * size : 0.5 * size);
  }
  return warped;
}

double FeasibilityCost(const Prediction& prediction, double doubt) {
  const LogImprovement at = LogOfImprovement(-prediction.mean / (doubt * prediction.deviation));
  // log Φ = log h + log(Φ / h).
  return -at.log_h - std::log(at.distribution_ratio);
}

PredictionGradient FeasibilityGradient(const Prediction& prediction, double doubt) {
  const double deviation = doubt * prediction.deviation, z = -prediction.mean / deviation;
  const LogImprovement at = LogOfImprovement(z);
  const double by_z = -at.density_ratio / at.distribution_ratio;  // -φ/Φ
  return {-by_z / deviation, -by_z * z / prediction.deviation, 0};
}

void ConstrainedCriterion::Costs(const Grid& at, int vector, double (&costs)[kLanes]) {
  if (inner_ != nullptr) {
    inner_->Costs(at, vector, costs);
  } else {
    std::fill_n(costs, kLanes, 0.0);
  }
  Prediction predictions[kLanes];
  for (Predictor* constraint : constraints_) {
    constraint->PredictVector(at, vector, predictions);
    for (int lane = 0; lane < kLanes; ++lane) {
      costs[lane] += weight_ * FeasibilityCost(predictions[lane], doubt_);
    }
  }
}

void ConstrainedCriterion::CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                                            Grid& gradient) {
  if (inner_ != nullptr) {
    inner_->CostsAndGradient(at, vector, costs, gradient);
  } else {
    std::fill_n(costs, kLanes, 0.0);
    gradient.Resize(at.rows(), kLanes);
  }
  Prediction predictions[kLanes];
  PredictionGradient by_prediction[kLanes];
  Grid of_constraint;
  for (Predictor* constraint : constraints_) {
    constraint->PredictVector(at, vector, predictions);
    for (int lane = 0; lane < kLanes; ++lane) {
      costs[lane] += weight_ * FeasibilityCost(predictions[lane], doubt_);
      const PredictionGradient by = FeasibilityGradient(predictions[lane], doubt_);
      by_prediction[lane] = {weight_ * by.mean, weight_ * by.deviation, 0};
    }
    constraint->Gradient(at, vector, by_prediction, of_constraint);
    AddTo(of_constraint, gradient);
  }
}

}  // namespace caviar::sampling::gp
