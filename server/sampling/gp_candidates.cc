#include "server/sampling/gp_candidates.h"

#include <algorithm>
#include <cmath>

namespace caviar::sampling::gp {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

constexpr double kWholeAxis = 0.5;
// Standard deviations of steps: e^-6 = .0025 to e^-1.2 = .3 of the axis.
constexpr double kLogSmallest = -6, kLogLargest = -1.2;

double RandomPlace(const ModelAxis& axis, Draws& draws) {
  if (axis.kind == ModelAxis::Kind::kReal) return draws.Uniform();
  if (axis.kind == ModelAxis::Kind::kCategorical) return draws.Below(axis.categories);
  return axis.places[static_cast<size_t>(draws.Below(static_cast<int>(axis.places.size())))];
}

double Round(const ModelAxis& axis, double place) {
  if (axis.kind != ModelAxis::Kind::kOrdered) return place;
  const auto above = std::lower_bound(axis.places.begin(), axis.places.end(), place);
  if (above == axis.places.begin()) return axis.places.front();
  if (above == axis.places.end()) return axis.places.back();
  return *above - place < place - *(above - 1) ? *above : *(above - 1);
}

}  // namespace

TrustRegion::TrustRegion(const ModelSpace& space, const std::vector<ModelPoint>& seen,
                         double radius)
    : space_(space), seen_(seen), radius_(radius) {}

TrustRegion::Box TrustRegion::BoxOf(const ModelPoint& point) const {
  const auto axes = static_cast<size_t>(space_.dimensions());
  Box box{std::vector<double>(axes, 0.0), std::vector<double>(axes, 1.0)};
  if (radius_ >= kWholeAxis || seen_.empty()) return box;
  const auto is_number = [&](size_t i) {
    return space_.axis(static_cast<int>(i)).kind != ModelAxis::Kind::kCategorical;
  };
  const ModelPoint* nearest = nullptr;
  double least = 2;
  for (const ModelPoint& seen : seen_) {
    double distance = 0;
    for (size_t i = 0; i < axes && distance < least; ++i) {
      // Where one is inactive there it says nothing.
      const double along = std::abs(point[i] - seen[i]);
      if (is_number(i) && along > distance) distance = along;
    }
    if (distance >= least) continue;
    least = distance;
    nearest = &seen;
  }
  for (size_t i = 0; i < axes; ++i) {
    const double center = (*nearest)[i];
    if (!is_number(i) || std::isnan(center)) continue;
    box.lower[i] = std::max(0.0, center - radius_);
    box.upper[i] = std::min(1.0, center + radius_);
  }
  return box;
}

ModelPoint Canonical(const ModelSpace& space, const RawPoint& raw) {
  ModelPoint point(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    point[i] = Round(space.axis(static_cast<int>(i)), raw[i]);
  }
  if (!space.conditional()) return point;
  return space.ToModel(space.ToPoint(point));
}

RawPoint RandomRaw(const ModelSpace& space, Draws& draws) {
  RawPoint raw;
  for (int i = 0; i < space.dimensions(); ++i) raw.push_back(RandomPlace(space.axis(i), draws));
  return raw;
}

RawPoint Perturbed(const ModelSpace& space, const ModelPoint& point, Draws& draws) {
  const int axes = space.dimensions();
  RawPoint raw = point;
  const double deviation = std::exp(kLogSmallest + (kLogLargest - kLogSmallest) * draws.Uniform());
  // A share of the axes that differs from candidate to candidate; one at least.
  const double share = draws.Uniform();
  const int always = draws.Below(axes);
  for (int i = 0; i < axes; ++i) {
    const ModelAxis& axis = space.axis(i);
    double& place = raw[static_cast<size_t>(i)];
    if (std::isnan(place)) {
      place = RandomPlace(axis, draws);
      continue;
    }
    if (i != always && draws.Uniform() >= share) continue;
    if (axis.kind == ModelAxis::Kind::kCategorical) {
      if (i == always || draws.Uniform() < 0.3) place = draws.Below(axis.categories);
      continue;
    }
    double scale = deviation;
    if (axis.kind == ModelAxis::Kind::kOrdered) {
      scale = std::max(scale, 1.0 / static_cast<double>(axis.places.size()));
    }
    place += scale * draws.Normal();
    if (place < 0) place = std::min(-place, 1.0);
    if (place > 1) place = std::max(2 - place, 0.0);
  }
  return raw;
}

}  // namespace caviar::sampling::gp
