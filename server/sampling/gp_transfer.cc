#include "server/sampling/gp_transfer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

// Points of an earlier study that are held, and of all of them together; each has the least.
constexpr size_t kMaxOfStudy = 128, kMaxOfAll = 512, kLeastOfStudy = 32;
constexpr size_t kBestOfStudy = 5;
// How much alike studies are taken to be before it is seen, and how many trials that counts for.
constexpr double kLikely = 0.7, kLikelyTrials = 4;
// Of the slope: what a sum of squared deviations has before anything was seen.
constexpr double kSlopeTrust = 0.3;
constexpr double kMaxSlope = 2;

double ValueOf(const Observation& observation, size_t objective) {
  if (objective == 0) return observation.value;
  return objective <= observation.more_values.size() ? observation.more_values[objective - 1]
                                                     : std::nan("");
}

std::vector<size_t> OrderOf(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order;
}

// From 0, equal ones share the mean of theirs.
std::vector<double> RanksOf(const std::vector<double>& values) {
  const std::vector<size_t> order = OrderOf(values);
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (size_t i = first; i < end; ++i) {
      ranks[order[i]] = static_cast<double>(first + end - 1) / 2;
    }
    first = end;
  }
  return ranks;
}

struct Moments {
  double xx = 0, xy = 0, yy = 0;
};

// About their means.
Moments MomentsOf(const std::vector<double>& x, const std::vector<double>& y) {
  Moments moments;
  const auto n = static_cast<double>(std::max<size_t>(1, y.size()));
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  for (size_t i = 0; i < y.size(); ++i) {
    moments.xx += (x[i] - mean_x) * (x[i] - mean_x);
    moments.xy += (x[i] - mean_x) * (y[i] - mean_y);
    moments.yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return moments;
}

// Spearman's; 0 where one side is constant.
double RankCorrelation(const std::vector<double>& x, const std::vector<double>& y) {
  const Moments of = MomentsOf(RanksOf(x), RanksOf(y));
  return of.xx > 0 && of.yy > 0 ? of.xy / std::sqrt(of.xx * of.yy) : 0;
}

Grid GridOf(const PointLayout& layout, const std::vector<ModelPoint>& points, size_t first) {
  const int count = static_cast<int>(points.size() - first);
  Grid grid(layout.width(), count);
  for (int i = 0; i < count; ++i) layout.Set(points[first + static_cast<size_t>(i)], i, grid);
  return grid;
}

}  // namespace

EarlierStudies::EarlierStudies(const search_space::ModelSpace& space, const PointLayout& layout,
                               const std::vector<std::vector<Observation>>& studies,
                               size_t objective)
    : layout_(layout) {
  const FitChain fits(layout);
  const size_t most =
      std::clamp(kMaxOfAll / std::max<size_t>(1, studies.size()), kLeastOfStudy, kMaxOfStudy);
  for (const std::vector<Observation>& study : studies) {
    std::vector<ModelPoint> points;
    std::vector<Outcome> outcomes;
    std::vector<double> values;
    for (const Observation& observation : study) {
      const double value = ValueOf(observation, objective);
      if (observation.state != v1::Trial::COMPLETED || !std::isfinite(value)) continue;
      points.push_back(space.ToModel(observation.point));
      outcomes.push_back({value, false, 0});
      values.push_back(value);
    }
    if (points.size() < 2) continue;
    const std::vector<double> warped = WarpOutputs(outcomes);
    const std::vector<size_t> order = OrderOf(values);
    for (size_t i = 0; i < std::min(kBestOfStudy, order.size()); ++i) {
      best_.push_back(points[order[i]]);
    }
    Sample sample;
    for (const size_t i : Thinned(order, points, most)) {
      sample.points.push_back(points[i]);
      sample.values.push_back(warped[i]);
    }
    const Fit fit = fits.AtOnce(sample);
    models_.push_back(std::make_unique<Posterior>(
        fits.form(fit.additive).CovarianceOf(fit.logs), ModelForm::NoiseOf(fit.logs),
        GridOf(layout, sample.points, 0), sample.values, 0));
  }
  means_.resize(models_.size());
}

void EarlierStudies::Learn(const std::vector<ModelPoint>& points, size_t count) {
  for (size_t k = 0; k < models_.size(); ++k) {
    const size_t known = means_[k].size();
    if (known >= count) continue;
    const std::vector<ModelPoint> first(points.begin(),
                                        points.begin() + static_cast<ptrdiff_t>(count));
    const Grid grid = GridOf(layout_, first, known);
    std::vector<Prediction> predictions;
    models_[k]->Predict(grid, grid.vectors(), predictions);
    for (size_t i = known; i < count; ++i) means_[k].push_back(predictions[i - known].mean);
  }
}

std::vector<double> EarlierStudies::Coefficients(const std::vector<ModelPoint>& points,
                                                 const std::vector<double>& values) {
  Learn(points, values.size());
  const auto n = static_cast<double>(values.size());
  std::vector<double> weights;
  double sum = 0;
  for (const std::vector<double>& means : means_) {
    const std::vector<double> seen(means.begin(),
                                   means.begin() + static_cast<ptrdiff_t>(values.size()));
    const double alike =
        (n * RankCorrelation(seen, values) + kLikelyTrials * kLikely) / (n + kLikelyTrials);
    weights.push_back(std::pow(std::max(0.0, alike), 2));
    sum += weights.back();
  }
  if (sum == 0) return weights;
  std::vector<double> together(values.size(), 0.0);
  for (size_t k = 0; k < weights.size(); ++k) {
    weights[k] /= sum;
    for (size_t i = 0; i < values.size(); ++i) together[i] += weights[k] * means_[k][i];
  }
  const Moments of = MomentsOf(together, values);
  const double slope = std::clamp((of.xy + kSlopeTrust) / (of.xx + kSlopeTrust), 0.0, kMaxSlope);
  for (double& weight : weights) weight *= slope;
  return weights;
}

std::vector<double> EarlierStudies::Means(const std::vector<double>& coefficients,
                                          const std::vector<size_t>& rows) const {
  std::vector<double> sums;
  for (const size_t row : rows) {
    double sum = 0;
    for (size_t k = 0; k < coefficients.size(); ++k) sum += coefficients[k] * means_[k][row];
    sums.push_back(sum);
  }
  return sums;
}

double TransferPredictor::Widening(const std::vector<Prediction>& earlier, size_t lane) const {
  double variance = 0;
  for (size_t k = 0; k < coefficients_.size(); ++k) {
    variance += std::pow(coefficients_[k] * earlier[k * kLanes + lane].deviation, 2);
  }
  return std::sqrt(1 + variance / rest_->prior());
}

void TransferPredictor::PredictVector(const Grid& at, int vector,
                                      Prediction (&predictions)[kLanes]) {
  rest_->PredictVector(at, vector, last_);
  last_earlier_.clear();
  Prediction of_study[kLanes];
  for (const auto& model : earlier_.models()) {
    model->PredictVector(at, vector, of_study);
    last_earlier_.insert(last_earlier_.end(), of_study, of_study + kLanes);
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    Prediction& prediction = predictions[lane];
    prediction = last_[lane];
    for (size_t k = 0; k < coefficients_.size(); ++k) {
      prediction.mean += coefficients_[k] * last_earlier_[k * kLanes + lane].mean;
    }
    const double widening = Widening(last_earlier_, lane);
    prediction.deviation *= widening;
    prediction.seen_deviation *= widening;
  }
}

void TransferPredictor::Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                                 Grid& gradient) {
  PredictionGradient by_rest[kLanes];
  double by_variance[kLanes];  // of the earlier studies' part, halved
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double widening = Widening(last_earlier_, lane);
    by_rest[lane] = {by[lane].mean, by[lane].deviation * widening,
                     by[lane].seen_deviation * widening};
    by_variance[lane] = (by[lane].deviation * last_[lane].deviation +
                         by[lane].seen_deviation * last_[lane].seen_deviation) /
                        (widening * rest_->prior());
  }
  rest_->Gradient(at, vector, by_rest, gradient);
  Grid of_study;
  for (size_t k = 0; k < coefficients_.size(); ++k) {
    const double coefficient = coefficients_[k];
    PredictionGradient by_study[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) {
      by_study[lane].mean = coefficient * by[lane].mean;
      by_study[lane].deviation = coefficient * coefficient *
                                 last_earlier_[k * kLanes + lane].deviation * by_variance[lane];
    }
    earlier_.models()[k]->Gradient(at, vector, by_study, of_study);
    AddTo(of_study, gradient);
  }
}

}  // namespace caviar::sampling::gp
