#include "server/sampling/distinct.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "server/sampling/allowed.h"
#include "server/sampling/counter_random.h"

namespace caviar::sampling {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kDistinctPurpose = 0x64697374696e6374;  // not the key of a sampler
// Of each radius.
constexpr int kTries = 32;
// A space of more configurations than this has an untried one near every point, in practice.
constexpr double kMaxListed = 1e5;
// Points of the history come from configurations, whose coordinates may differ in their last bits.
constexpr double kSame = 1e-12;

class Search {
 public:
  Search(const ModelSpace& space, const SamplerInput& input) : space_(space), input_(input) {}

  std::optional<Point> From(const Point& point) const {
    const std::optional<Point> allowed = Allowed(space_, input_, point);
    if (!allowed) return Listed(std::nullopt);
    Point start = Canonical(*allowed);
    if (!WasTried(start)) return start;
    if (auto found = Near(start)) return found;
    return Listed(start);
  }

 private:
  // The one point of its configuration.
  Point Canonical(const Point& point) const { return space_.Canonical(point); }

  bool WasTried(const Point& point) const {
    for (const Pending& pending : input_.pending) {
      if (Same(pending.point, point)) return true;
    }
    for (size_t i = input_.history.size(); i-- > 0;) {
      if (Same(input_.history[i].point, point)) return true;
    }
    return false;
  }

  static bool Same(const Point& tried, const Point& point) {
    for (size_t i = 0; i < point.size(); ++i) {
      if (std::abs(tried[i] - point[i]) > kSame) return false;
    }
    return true;
  }

  // Random steps from the point, further and further away.
  std::optional<Point> Near(const Point& start) const {
    const ModelPoint model = space_.ToModel(start);
    uint64_t counter = 0;
    const auto draw = [&] {
      return ToUnit(RandomBits(input_.seed ^ kDistinctPurpose, static_cast<uint64_t>(input_.number),
                               counter++));
    };
    for (double radius = 0.05; radius <= 1; radius *= 2) {
      for (int i = 0; i < kTries; ++i) {
        ModelPoint moved = model;
        for (int axis = 0; axis < space_.dimensions(); ++axis) {
          Move(space_.axis(axis), radius, draw, moved[static_cast<size_t>(axis)]);
        }
        Point found = Canonical(space_.ToPoint(moved));
        if (space_.Allows(found) && !WasTried(found)) return found;
      }
    }
    return std::nullopt;
  }

  template <typename Draw>
  static void Move(const ModelAxis& axis, double radius, const Draw& draw, double& coordinate) {
    if (axis.kind == ModelAxis::Kind::kCategorical) {
      if (draw() < radius || std::isnan(coordinate)) {
        coordinate = std::floor(draw() * axis.categories);
      }
      return;
    }
    if (std::isnan(coordinate)) {
      coordinate = draw();
      return;
    }
    // At least to the next value.
    const double step = axis.places.size() > 1 ? 1.0 / static_cast<double>(axis.places.size()) : 0;
    coordinate = std::clamp(coordinate + (2 * draw() - 1) * std::max(radius, step), 0.0, 1.0);
  }

  // One after the other; in a space of too many, `start`.
  std::optional<Point> Listed(const std::optional<Point>& start) const {
    if (!(space_.configurations() <= kMaxListed)) return start;
    std::set<Point> tried;
    const auto add = [&](const Point& point) { tried.insert(Canonical(point)); };
    for (const Pending& pending : input_.pending) add(pending.point);
    for (size_t i = 0; i < input_.history.size(); ++i) add(input_.history[i].point);
    if (static_cast<double>(tried.size()) >= space_.configurations()) return std::nullopt;
    return space_.Find(
        [&](const Point& point) { return tried.count(point) == 0 && space_.Allows(point); });
  }

  const ModelSpace& space_;
  const SamplerInput& input_;
};

}  // namespace

std::optional<Point> Distinct(const ModelSpace& space, const SamplerInput& input,
                              const Point& point) {
  if (space.dimensions() == 0) return point;
  return Search(space, input).From(point);
}

}  // namespace caviar::sampling
