#include "server/sampling/gp_hypervolume.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace caviar::sampling::gp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool IsBelow(const Values& a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] < b[i])) return false;
  }
  return true;
}

bool IsAtMost(const Values& a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
  }
  return true;
}

// All points of the free region lie below one of these; `definers[i]` is the point that gives
// `bound` its value in objective i.
struct UpperBound {
  Values bound;
  std::vector<Values> definers;
};

UpperBound WholeRegion(const Values& reference) {
  const size_t objectives = reference.size();
  UpperBound whole{reference, {}};
  for (size_t i = 0; i < objectives; ++i) {
    whole.definers.emplace_back(objectives, -kInfinity);
    whole.definers[i][i] = reference[i];
  }
  return whole;
}

// The largest value in objective `i` among what defines the others.
double LargestOfOthers(const UpperBound& upper, size_t i) {
  double largest = -kInfinity;
  for (size_t k = 0; k < upper.definers.size(); ++k) {
    if (k != i) largest = std::max(largest, upper.definers[k][i]);
  }
  return largest;
}

void Insert(const Values& point, std::vector<UpperBound>& uppers) {
  std::vector<UpperBound> next;
  for (UpperBound& upper : uppers) {
    if (!IsBelow(point, upper.bound)) {
      next.push_back(std::move(upper));
      continue;
    }
    for (size_t i = 0; i < point.size(); ++i) {
      if (!(point[i] > LargestOfOthers(upper, i))) continue;
      UpperBound lowered = upper;
      lowered.bound[i] = point[i];
      lowered.definers[i] = point;
      next.push_back(std::move(lowered));
    }
  }
  uppers = std::move(next);
}

size_t PlaceOf(const Values& levels, double value) {
  return static_cast<size_t>(std::lower_bound(levels.begin(), levels.end(), value) -
                             levels.begin());
}

}  // namespace

std::vector<size_t> ParetoFront(const std::vector<Values>& all) {
  // In this order none is dominated by one that comes later.
  std::vector<size_t> order(all.size());
  for (size_t i = 0; i < all.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return all[a] < all[b]; });
  std::vector<size_t> front;
  for (const size_t i : order) {
    if (std::none_of(front.begin(), front.end(),
                     [&](size_t k) { return IsAtMost(all[k], all[i]); })) {
      front.push_back(i);
    }
  }
  std::sort(front.begin(), front.end());
  return front;
}

FreeRegion FreeRegionOf(const std::vector<Values>& points, const Values& reference) {
  const size_t objectives = reference.size();
  FreeRegion region;
  for (const double value : reference) region.levels.push_back({-kInfinity, value});
  std::vector<UpperBound> uppers = {WholeRegion(reference)};
  for (const size_t place : ParetoFront(points)) {
    const Values& point = points[place];
    if (!IsBelow(point, reference)) continue;
    Insert(point, uppers);
    for (size_t i = 0; i < objectives; ++i) region.levels[i].push_back(point[i]);
  }
  for (Values& levels : region.levels) {
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  }
  for (const UpperBound& upper : uppers) {
    FreeRegion::Box box;
    bool empty = false;
    for (size_t i = 0; i < objectives; ++i) {
      double lower = -kInfinity;
      for (size_t k = 0; k < i; ++k) lower = std::max(lower, upper.definers[k][i]);
      box.lower.push_back(PlaceOf(region.levels[i], lower));
      box.upper.push_back(PlaceOf(region.levels[i], upper.bound[i]));
      empty = empty || box.lower.back() >= box.upper.back();
    }
    if (!empty) region.boxes.push_back(std::move(box));
  }
  return region;
}

double Hypervolume(const std::vector<Values>& points, const Values& reference) {
  Values ideal = reference;
  for (const Values& point : points) {
    if (!IsBelow(point, reference)) continue;
    for (size_t i = 0; i < ideal.size(); ++i) ideal[i] = std::min(ideal[i], point[i]);
  }
  // What is not free of the box from the best values to the reference.
  double volume = 1;
  for (size_t i = 0; i < ideal.size(); ++i) volume *= reference[i] - ideal[i];
  const FreeRegion region = FreeRegionOf(points, reference);
  for (const FreeRegion::Box& box : region.boxes) {
    double part = 1;
    for (size_t i = 0; i < ideal.size(); ++i) {
      const double lower = std::max(region.levels[i][box.lower[i]], ideal[i]);
      part *= std::max(0.0, region.levels[i][box.upper[i]] - lower);
    }
    volume -= part;
  }
  return volume;
}

}  // namespace caviar::sampling::gp
