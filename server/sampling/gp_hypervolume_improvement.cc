#include "server/sampling/gp_hypervolume_improvement.h"

#include <cmath>

#include "server/sampling/gp_improvement.h"

namespace caviar::sampling::gp {
namespace {

// What the sum over boxes, in units of what the reference alone would give, has at least.
constexpr double kLeastSum = 1e-300;

// E[max(0, level - f)] at each level of an objective, in units of that at the last one, and its
// logarithm there; and what these change by a mean and by a deviation.
struct Improvements {
  double log_unit = 0;
  std::vector<double> at, by_mean, by_deviation;
};

Improvements ImprovementsOf(const Values& levels, const Prediction& prediction) {
  const double deviation = prediction.deviation;
  const auto improvement = [&](double level) {
    return LogOfImprovement((level - prediction.mean) / deviation);
  };
  Improvements found;
  const double last = improvement(levels.back()).log_h;
  found.log_unit = last + std::log(deviation);
  found.at.push_back(0);  // -infinity
  found.by_mean.push_back(0);
  found.by_deviation.push_back(0);
  for (size_t i = 1; i < levels.size(); ++i) {
    const LogImprovement here = improvement(levels[i]);
    found.at.push_back(std::exp(here.log_h - last));
    // By a mean E falls by Φ, by a deviation it grows by φ.
    found.by_mean.push_back(-found.at[i] * here.distribution_ratio / deviation);
    found.by_deviation.push_back(found.at[i] * here.density_ratio / deviation);
  }
  return found;
}

}  // namespace

double HypervolumeImprovement::Cost(const std::vector<Prediction>& predictions,
                                    std::vector<PredictionGradient>* gradient) const {
  const size_t objectives = predictions.size();
  std::vector<Improvements> by_objective;
  double log_units = 0;
  for (size_t i = 0; i < objectives; ++i) {
    by_objective.push_back(ImprovementsOf(region_.levels[i], predictions[i]));
    log_units += by_objective[i].log_unit;
  }
  double sum = 0;
  std::vector<double> sides(objectives), by_mean(objectives), by_deviation(objectives);
  for (const FreeRegion::Box& box : region_.boxes) {
    double product = 1;
    for (size_t i = 0; i < objectives; ++i) {
      const std::vector<double>& at = by_objective[i].at;
      sides[i] = at[box.upper[i]] - at[box.lower[i]];
      product *= sides[i];
    }
    sum += product;
    if (gradient == nullptr) continue;
    for (size_t i = 0; i < objectives; ++i) {
      double others = 1;
      for (size_t k = 0; k < objectives; ++k) others *= k == i ? 1 : sides[k];
      const Improvements& of = by_objective[i];
      by_mean[i] += others * (of.by_mean[box.upper[i]] - of.by_mean[box.lower[i]]);
      by_deviation[i] += others * (of.by_deviation[box.upper[i]] - of.by_deviation[box.lower[i]]);
    }
  }
  const bool lost = !(sum > kLeastSum);
  if (gradient != nullptr) {
    gradient->assign(objectives, PredictionGradient());
    for (size_t i = 0; i < objectives && !lost; ++i) {
      (*gradient)[i] = {-by_mean[i] / sum, -by_deviation[i] / sum, 0};
    }
  }
  return -log_units - std::log(lost ? kLeastSum : sum);
}

std::vector<Prediction> HypervolumeCriterion::Predict(const Grid& at, int vector) {
  std::vector<Prediction> predictions;
  Prediction of_model[kLanes];
  for (Predictor* model : models_) {
    model->PredictVector(at, vector, of_model);
    predictions.insert(predictions.end(), of_model, of_model + kLanes);
  }
  return predictions;
}

void HypervolumeCriterion::Costs(const Grid& at, int vector, double (&costs)[kLanes]) {
  const std::vector<Prediction> predictions = Predict(at, vector);
  std::vector<Prediction> of_lane(models_.size());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    for (size_t i = 0; i < models_.size(); ++i) of_lane[i] = predictions[i * kLanes + lane];
    costs[lane] = improvement_.Cost(of_lane, nullptr);
  }
}

void HypervolumeCriterion::CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                                            Grid& gradient) {
  const std::vector<Prediction> predictions = Predict(at, vector);
  std::vector<Prediction> of_lane(models_.size());
  std::vector<PredictionGradient> by_model;
  std::vector<std::vector<PredictionGradient>> by_lane;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    for (size_t i = 0; i < models_.size(); ++i) of_lane[i] = predictions[i * kLanes + lane];
    costs[lane] = improvement_.Cost(of_lane, &by_model);
    by_lane.push_back(by_model);
  }
  gradient.Resize(at.rows(), kLanes);
  Grid of_model;
  for (size_t i = 0; i < models_.size(); ++i) {
    PredictionGradient by_prediction[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) by_prediction[lane] = by_lane[lane][i];
    models_[i]->Gradient(at, vector, by_prediction, of_model);
    AddTo(of_model, gradient);
  }
}

}  // namespace caviar::sampling::gp
