#include "server/sampling/allowed.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "caviar/v1/linear_constraint_text.h"
#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sobol_sampler.h"

namespace caviar::sampling {
namespace {

using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kAllowedPurpose = 0x616c6c6f776564;  // not the key of a sampler
// Points looked at for the nearest one that keeps the constraints.
constexpr size_t kSeen = 256;
constexpr int kDrawn = 16;
// Halvings of the line to it.
constexpr int kLineHalvings = 30;

Point DrawAgain(const ModelSpace& space, uint32_t seed, uint32_t number, int draw) {
  const uint64_t key = RandomBits(seed ^ kAllowedPurpose, number, static_cast<uint64_t>(draw));
  Point point(static_cast<size_t>(space.dimensions()));
  for (size_t axis = 0; axis < point.size(); ++axis) {
    point[axis] = ToUnit(RandomBits(key, 0, axis));
  }
  return point;
}

double SquaredDistance(const Point& a, const Point& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// Of points seen and drawn, the nearest to `point` that keeps the constraints.
std::optional<Point> NearestAllowed(const ModelSpace& space, const SamplerInput& input,
                                    const Point& point) {
  std::optional<Point> nearest;
  double least = std::numeric_limits<double>::infinity();
  const auto look = [&](const Point& other) {
    const double distance = SquaredDistance(point, other);
    if (!(distance < least) || !space.Allows(other)) return;
    least = distance;
    nearest = other;
  };
  const size_t size = input.history.size();
  for (size_t i = size - std::min(size, kSeen); i < size; ++i) look(input.history[i].point);
  for (const Pending& pending : input.pending) look(pending.point);
  for (int i = 0; i < kDrawn; ++i) {
    const auto key = static_cast<uint32_t>(Mix(kAllowedPurpose + static_cast<uint64_t>(i)) >> 32);
    const auto drawn = DrawAllowed(space, input.seed ^ key, static_cast<uint32_t>(input.number));
    if (!drawn) break;
    look(*drawn);
  }
  return nearest;
}

}  // namespace

std::optional<Point> DrawAllowed(const ModelSpace& space, uint32_t seed, uint32_t number) {
  Point point = RandomPoint(seed, number, space.dimensions());
  for (int draw = 0; draw < kMaxAllowedDraws; ++draw) {
    if (space.Allows(point)) return point;
    point = DrawAgain(space, seed, number, draw);
  }
  return std::nullopt;
}

std::optional<Point> Allowed(const ModelSpace& space, const SamplerInput& input,
                             const Point& point) {
  if (space.Allows(point)) return point;
  std::optional<Point> found = NearestAllowed(space, input, point);
  if (!found) return std::nullopt;
  const Point from = *found;
  double kept = 0, broken = 1;  // shares of the way to `point`
  for (int i = 0; i < kLineHalvings; ++i) {
    const double share = (kept + broken) / 2;
    Point between = from;
    for (size_t k = 0; k < between.size(); ++k) between[k] += share * (point[k] - from[k]);
    // As its configuration is: whole numbers are rounded.
    between = space.Canonical(between);
    if (space.Allows(between)) {
      kept = share;
      found = std::move(between);
    } else {
      broken = share;
    }
  }
  return found;
}

Point AllowedSobol::At(const search_space::SearchSpace& space, uint32_t seed, uint32_t number) {
  const int dimensions = space.dimensions();
  if (!space.model().constrained()) return SobolPoint(seed, number, dimensions);
  std::string key = absl::StrCat(seed);
  for (const v1::Parameter& parameter : space.parameters()) {
    absl::StrAppend(&key, "\n", parameter.SerializeAsString());
  }
  for (const v1::LinearConstraint& constraint : space.linear_constraints()) {
    absl::StrAppend(&key, "\n", vocabulary::FormatLinearConstraint(constraint));
  }
  if (key != key_) {
    places_.clear();
    key_ = std::move(key);
  }
  while (places_.size() <= number) {
    const uint32_t first = places_.empty() ? 0 : places_.back() + 1;
    uint32_t place = first;
    while (place - first < kMaxAllowedDraws &&
           !space.model().Allows(SobolPoint(seed, place, dimensions))) {
      ++place;
    }
    places_.push_back(place);
  }
  return SobolPoint(seed, places_[number], dimensions);
}

}  // namespace caviar::sampling
