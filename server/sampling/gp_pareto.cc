#include "server/sampling/gp_pareto.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/sampling/gp_choice.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

// Of a range: how far beyond the worst the reference is; and the least range.
constexpr double kBeyond = 0.1, kLeastRange = 0.1;

// Points of a front that there is time for: of three objectives the free region has as many boxes
// as of two, of four the square of it.
size_t MostOf(size_t objectives) { return objectives <= 2 ? 128 : objectives == 3 ? 64 : 32; }

double SquaredDistance(const Values& a, const Values& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// The best of each objective, then always the one that is farthest from those taken.
std::vector<size_t> Spread(const std::vector<Values>& all, std::vector<size_t> front, size_t most) {
  if (front.size() <= most) return front;
  std::vector<double> distance(front.size(), std::numeric_limits<double>::infinity());
  std::vector<size_t> taken;
  const auto take = [&](size_t i) {
    taken.push_back(front[i]);
    for (size_t k = 0; k < front.size(); ++k) {
      distance[k] = std::min(distance[k], SquaredDistance(all[front[k]], all[front[i]]));
    }
  };
  const auto farthest = [&] {
    return static_cast<size_t>(std::max_element(distance.begin(), distance.end()) -
                               distance.begin());
  };
  for (size_t objective = 0; objective < all[0].size(); ++objective) {
    const auto best = std::min_element(front.begin(), front.end(), [&](size_t a, size_t b) {
      return all[a][objective] < all[b][objective];
    });
    const auto i = static_cast<size_t>(best - front.begin());
    if (distance[i] > 0) take(i);
  }
  while (taken.size() < most) take(farthest());
  return taken;
}

}  // namespace

ParetoKnown ParetoOf(const std::vector<Predictor*>& models, const PointLayout& layout,
                     const std::vector<ModelPoint>& points, const std::vector<size_t>& candidates) {
  std::vector<Values> means(candidates.size());
  for (Predictor* model : models) {
    const std::vector<Prediction> predictions = PredictionsAt(*model, layout, points);
    for (size_t i = 0; i < candidates.size(); ++i) {
      means[i].push_back(predictions[candidates[i]].mean);
    }
  }
  ParetoKnown known;
  std::vector<Values> front;
  for (const size_t i : Spread(means, ParetoFront(means), MostOf(models.size()))) {
    front.push_back(means[i]);
    known.good.push_back(points[candidates[i]]);
  }
  Values reference;
  for (size_t objective = 0; objective < models.size(); ++objective) {
    const auto is_less = [&](const Values& a, const Values& b) {
      return a[objective] < b[objective];
    };
    const auto [low, high] = std::minmax_element(means.begin(), means.end(), is_less);
    const double range = std::max((*high)[objective] - (*low)[objective], kLeastRange);
    reference.push_back((*high)[objective] + kBeyond * range);
  }
  known.region = FreeRegionOf(front, reference);
  return known;
}

}  // namespace caviar::sampling::gp
