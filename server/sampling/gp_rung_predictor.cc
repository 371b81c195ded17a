#include "server/sampling/gp_rung_predictor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_model.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

// In sums of squares of warped values: how much must be seen before rho leaves 1.
constexpr double kShrinkage = 0.05;
// Trials on both rungs before delta is fitted, and its variance before.
constexpr size_t kLeastPairs = 6;
constexpr double kUnfittedVariance = 0.0017;
// Of the likelihood: on a part of the points first, then on all.
constexpr int kCoarseEvaluations = 20, kFineEvaluations = 8;
constexpr size_t kCoarseShare = 3, kLeastCoarse = 10;

// Trials that a model holds, in their order: all, or of more than kMaxPoints the half of that
// number that got furthest, the best ones there first, and of the others every so many-th.
std::vector<size_t> Chosen(const std::vector<RungTrial>& trials) {
  std::vector<size_t> order(trials.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (order.size() <= kMaxPoints) return order;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const std::vector<double>&x = trials[a].values, &y = trials[b].values;
    if (x.size() != y.size()) return x.size() > y.size();
    return x.back() != y.back() ? x.back() < y.back() : a < b;
  });
  const size_t kept = kMaxPoints / 2, wanted = kMaxPoints - kept, left = order.size() - kept;
  for (size_t i = 0; i < wanted; ++i) order[kept + i] = order[kept + i * left / wanted];
  order.resize(kMaxPoints);
  std::sort(order.begin(), order.end());
  return order;
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// y against x, shrunk to 1.
double RhoOf(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.empty()) return 1;
  const double mean_x = MeanOf(x), mean_y = MeanOf(y);
  double xx = kShrinkage, xy = kShrinkage;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return std::max(xy / xx, 0.0);
}

Grid GridOf(const PointLayout& layout, const std::vector<const ModelPoint*>& points) {
  Grid grid(layout.width(), static_cast<int>(points.size()));
  for (size_t i = 0; i < points.size(); ++i) layout.Set(*points[i], static_cast<int>(i), grid);
  return grid;
}

// Parameters that explain these values, and how well they do.
double FitFrom(const ModelForm& form, const PointLayout& layout,
               const std::vector<const ModelPoint*>& points, const std::vector<double>& values,
               std::vector<double>& logs) {
  const auto fit = [&](size_t every, int evaluations) {
    std::vector<const ModelPoint*> some;
    std::vector<double> of_some;
    for (size_t i = 0; i < values.size(); i += every) {
      some.push_back(points[i]);
      of_some.push_back(values[i]);
    }
    return FitParameters(form, GridOf(layout, some), of_some, evaluations, logs);
  };
  if (values.size() < kCoarseShare * kLeastCoarse) return fit(1, kCoarseEvaluations);
  fit(kCoarseShare, kCoarseEvaluations);
  return fit(1, kFineEvaluations);
}

bool AllEqual(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values[0]; });
}

// The covariance and the noise of a process on these values.
struct Process {
  Covariance covariance;
  double noise = 0;
};

Process ProcessOf(const PointLayout& layout, const std::vector<const ModelPoint*>& points,
                  const std::vector<double>& values, bool first) {
  const ModelForm plain(layout, false), additive(layout, true);
  std::vector<double> logs = plain.centers();
  bool is_additive = false;
  if (!first && values.size() < kLeastPairs) {
    logs[0] = std::log(kUnfittedVariance);
  } else if (!AllEqual(values)) {
    const double of_plain = FitFrom(plain, layout, points, values, logs);
    if (first && additive.terms() > 1) {
      std::vector<double> others = additive.centers();
      is_additive = FitFrom(additive, layout, points, values, others) < of_plain;
      if (is_additive) logs = std::move(others);
    }
  }
  return {(is_additive ? additive : plain).CovarianceOf(logs), ModelForm::NoiseOf(logs)};
}

}  // namespace

RungPredictor::RungPredictor(const PointLayout& layout, const RungLessons& lessons) {
  const std::vector<size_t> chosen = Chosen(lessons.trials);
  for (size_t level = 0; level < lessons.levels; ++level) {
    AddLevel(layout, lessons, chosen, level);
  }
  for (const size_t i : chosen) points_.push_back(lessons.trials[i].point);
  seen_ = points_.size();
  const size_t unseen = lessons.unseen.size();
  for (size_t i = unseen - std::min(unseen, kMaxPending); i < unseen; ++i) {
    points_.push_back(lessons.unseen[i]);
  }
}

void RungPredictor::AddLevel(const PointLayout& layout, const RungLessons& lessons,
                             const std::vector<size_t>& chosen, size_t level) {
  std::vector<const ModelPoint*> points, pending;
  std::vector<double> before, values;
  for (const size_t i : chosen) {
    const RungTrial& trial = lessons.trials[i];
    if (trial.values.size() > level) {
      points.push_back(&trial.point);
      if (level > 0) before.push_back(trial.values[level - 1]);
      values.push_back(trial.values[level]);
    } else if (trial.open) {
      pending.push_back(&trial.point);
    }
  }
  for (const ModelPoint& point : lessons.unseen) pending.push_back(&point);
  if (pending.size() > kMaxPending) pending.erase(pending.begin(), pending.end() - kMaxPending);

  const double rho = level == 0 ? 0 : RhoOf(before, values);
  for (Level& lower : levels_) lower.scale *= rho;
  offset_ *= rho;
  variance_ *= rho * rho;
  if (values.empty()) {
    variance_ += kUnfittedVariance;
    return;
  }
  for (size_t i = 0; i < before.size(); ++i) values[i] -= rho * before[i];
  const double mean = MeanOf(values);
  for (double& value : values) value -= mean;
  offset_ += mean;
  const Process process = ProcessOf(layout, points, values, level == 0);
  points.insert(points.end(), pending.begin(), pending.end());
  levels_.emplace_back(Posterior(process.covariance, process.noise, GridOf(layout, points), values,
                                 static_cast<int>(pending.size())));
}

void RungPredictor::PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]) {
  double means[kLanes], all[kLanes], seen[kLanes];
  std::fill_n(means, kLanes, offset_);
  std::fill_n(all, kLanes, variance_);
  std::fill_n(seen, kLanes, variance_);
  for (Level& level : levels_) {
    level.posterior.PredictVector(at, vector, level.last);
    const double square = level.scale * level.scale;
    for (int lane = 0; lane < kLanes; ++lane) {
      const Prediction& own = level.last[lane];
      means[lane] += level.scale * own.mean;
      all[lane] += square * own.deviation * own.deviation;
      seen[lane] += square * own.seen_deviation * own.seen_deviation;
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    last_[lane] = {means[lane], std::sqrt(all[lane]), std::sqrt(seen[lane])};
    predictions[lane] = last_[lane];
  }
}

void RungPredictor::Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                             Grid& gradient) {
  gradient.Resize(at.rows(), kLanes);
  for (Level& level : levels_) {
    PredictionGradient by_level[kLanes];
    const double square = level.scale * level.scale;
    for (int lane = 0; lane < kLanes; ++lane) {
      const Prediction& own = level.last[lane];
      by_level[lane] = {
          level.scale * by[lane].mean,
          square * by[lane].deviation * own.deviation / last_[lane].deviation,
          square * by[lane].seen_deviation * own.seen_deviation / last_[lane].seen_deviation};
    }
    level.posterior.Gradient(at, vector, by_level, of_level_);
    AddTo(of_level_, gradient);
  }
}

}  // namespace caviar::sampling::gp
