#include "server/analysis/total_effects.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "server/analysis/quadratic_trend.h"
#include "server/analysis/regression_forest.h"
#include "server/analysis/unit_draws.h"

namespace caviar::analysis {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kEffectSeed = 2;
// Points that the model is asked for in all; the error of a share is some hundredths of it.
constexpr size_t kPredictions = 16384;
constexpr size_t kFewestPoints = 32, kMostPoints = 1024;
// Of a point that keeps linear constraints, and of one coordinate that keeps them.
constexpr int kTries = 100, kCoordinateTries = 10;

class Model {
 public:
  Model(const ModelSpace& space, const std::vector<ModelPoint>& places,
        const std::vector<double>& values)
      : space_(space),
        trend_(space, places, values),
        forest_(space, places, LeftBy(trend_, places, values)) {}

  double Predict(const Point& point) const {
    const ModelPoint place = space_.ToModel(point);
    return trend_.Predict(place) + forest_.Predict(place);
  }

 private:
  static std::vector<double> LeftBy(const QuadraticTrend& trend,
                                    const std::vector<ModelPoint>& places,
                                    std::vector<double> values) {
    for (size_t i = 0; i < values.size(); ++i) values[i] -= trend.Predict(places[i]);
    return values;
  }

  const ModelSpace& space_;
  const QuadraticTrend trend_;
  const RegressionForest forest_;
};

// Where hardly any point keeps the constraints, one that does not.
Point DrawPoint(const ModelSpace& space, std::mt19937_64& random) {
  Point point(static_cast<size_t>(space.dimensions()));
  for (int i = 0; i < kTries; ++i) {
    for (double& coordinate : point) coordinate = DrawUnit(random);
    if (!space.constrained() || space.Allows(point)) break;
  }
  return point;
}

// `point` with another coordinate on `axis`; the same where hardly any keeps the constraints.
Point Redraw(const ModelSpace& space, const Point& point, size_t axis, std::mt19937_64& random) {
  Point other = point;
  for (int i = 0; i < kCoordinateTries; ++i) {
    other[axis] = DrawUnit(random);
    if (!space.constrained() || space.Allows(other)) return other;
  }
  return point;
}

}  // namespace

std::vector<double> TotalEffects(const ModelSpace& space, const std::vector<ModelPoint>& places,
                                 const std::vector<double>& values) {
  const auto dimensions = static_cast<size_t>(space.dimensions());
  std::vector<double> effects(dimensions);
  const bool equal = std::all_of(values.begin(), values.end(),
                                 [&values](double value) { return value == values[0]; });
  if (equal || dimensions == 0) return effects;
  const Model model(space, places, values);
  std::mt19937_64 random(kEffectSeed);
  const size_t points = std::clamp(kPredictions / (dimensions + 1), kFewestPoints, kMostPoints);
  for (size_t i = 0; i < points; ++i) {
    const Point point = DrawPoint(space, random);
    const double here = model.Predict(point);
    for (size_t axis = 0; axis < dimensions; ++axis) {
      const double change = model.Predict(Redraw(space, point, axis, random)) - here;
      effects[axis] += change * change / (2 * static_cast<double>(points));
    }
  }
  return effects;
}

}  // namespace caviar::analysis
