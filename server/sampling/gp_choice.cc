#include "server/sampling/gp_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "server/sampling/gp_search.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

// Standard deviations of the confidence bound: where pending points spread the trials already, less
// boldness is better.
constexpr double kAlone = 2.5, kSober = 1.8;
// Two points that differ by less along all axes are as good as one.
constexpr double kCopy = 1e-3;
// Share of trials that explore.
constexpr double kExploring = 0.1;
// Points, the best first, around which candidates are drawn.
constexpr size_t kMaxGood = 20;

}  // namespace

void AddPending(const ModelSpace& space, const SamplerInput& input, Known& known) {
  const size_t pending = input.pending.size();
  for (size_t i = pending - std::min(pending, kMaxPending); i < pending; ++i) {
    known.points.push_back(space.ToModel(input.pending[i].point));
  }
}

Grid GridOf(const PointLayout& layout, const std::vector<ModelPoint>& points) {
  const int count = static_cast<int>(points.size());
  Grid grid(layout.width(), std::max(count, 1));
  for (int i = 0; i < count; ++i) layout.Set(points[static_cast<size_t>(i)], i, grid);
  return grid;
}

std::vector<Prediction> PredictionsAt(Predictor& model, const PointLayout& layout,
                                      const std::vector<ModelPoint>& points) {
  const Grid grid = GridOf(layout, points);
  std::vector<Prediction> predictions;
  model.Predict(grid, grid.vectors(), predictions);
  predictions.resize(points.size());
  return predictions;
}

Acquisition AcquisitionOf(const Known& known, const std::vector<size_t>& candidates, int32_t number,
                          Draws& draws) {
  const auto lowest = [&](const auto& score) {
    const auto is_lower = [&](size_t a, size_t b) {
      return score(known.predictions[a]) < score(known.predictions[b]);
    };
    return known.predictions[*std::min_element(candidates.begin(), candidates.end(), is_lower)]
        .mean;
  };
  Acquisition acquisition;
  acquisition.deviations = kSober + (kAlone - kSober) / (1 + static_cast<double>(known.pending()));
  if (draws.Uniform() < kExploring) {
    acquisition.kind = Acquisition::Kind::kExploration;
    acquisition.reference =
        lowest([](const Prediction& at) { return at.mean - kSober * at.deviation; });
  } else if (number % 2 == 1) {
    acquisition.kind = Acquisition::Kind::kLogImprovement;
    acquisition.reference = lowest([](const Prediction& at) { return at.mean; });
  }
  return acquisition;
}

double Bolder(int i) { return kSober * std::pow(4.0, i); }

std::vector<ModelPoint> GoodOf(const Known& known, std::vector<size_t> candidates) {
  std::sort(candidates.begin(), candidates.end(), [&](size_t a, size_t b) {
    const double x = known.predictions[a].mean, y = known.predictions[b].mean;
    return x != y ? x < y : a < b;
  });
  candidates.resize(std::min(candidates.size(), kMaxGood));
  std::vector<ModelPoint> good;
  for (const size_t i : candidates) good.push_back(known.points[i]);
  return good;
}

bool IsCopyOfPending(const Known& known, const ModelPoint& point) {
  const auto is_copy = [&](const ModelPoint& other) {
    for (size_t i = 0; i < point.size(); ++i) {
      if (std::isnan(point[i]) != std::isnan(other[i])) return false;
      if (std::abs(point[i] - other[i]) > kCopy) return false;
    }
    return true;
  };
  return std::any_of(known.points.begin() + static_cast<ptrdiff_t>(known.seen), known.points.end(),
                     is_copy);
}

double RadiusOf(size_t trials, int dimensions) {
  return 0.2 + 0.3 * static_cast<double>(trials) / (5.0 * (dimensions + 1));
}

std::set<ModelPoint> TriedOf(const ModelSpace& space, const SamplerInput& input) {
  std::set<ModelPoint> tried;
  if (!std::isfinite(space.configurations())) return tried;
  const auto add = [&](const Point& point) { tried.insert(WithoutNaN(space.ToModel(point))); };
  for (size_t i = 0; i < input.history.size(); ++i) add(input.history[i].point);
  for (const Pending& pending : input.pending) add(pending.point);
  return tried;
}

std::vector<size_t> AllOf(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

}  // namespace caviar::sampling::gp
