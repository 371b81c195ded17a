#include "server/sampling/gp_hypervolume.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace caviar::sampling::gp {
namespace {

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

// A point by the places of its values in FreeRegion::levels. No two points of a front have a place
// in common: of equal values the later point's counts as larger, which adds boxes without volume
// only.
using Places = std::vector<size_t>;

bool IsBelow(const Places& a, const Places& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] >= b[i]) return false;
  }
  return true;
}

// All points of the free region lie below one of these; `definers[i]` is the point that gives
// `bound` its place in objective i.
struct UpperBound {
  Places bound;
  std::vector<Places> definers;
};

UpperBound WholeRegion(const Places& reference) {
  const size_t objectives = reference.size();
  UpperBound whole{reference, std::vector<Places>(objectives, Places(objectives, 0))};
  for (size_t i = 0; i < objectives; ++i) whole.definers[i][i] = reference[i];
  return whole;
}

// The highest place in objective `i` among the first `count` that define a bound, less one of them.
size_t Highest(const UpperBound& upper, size_t i, size_t count, size_t without) {
  size_t highest = 0;
  for (size_t k = 0; k < count; ++k) {
    if (k != without) highest = std::max(highest, upper.definers[k][i]);
  }
  return highest;
}

void Insert(const Places& point, std::vector<UpperBound>& uppers) {
  std::vector<UpperBound> next;
  for (UpperBound& upper : uppers) {
    if (!IsBelow(point, upper.bound)) {
      next.push_back(std::move(upper));
      continue;
    }
    for (size_t i = 0; i < point.size(); ++i) {
      if (point[i] <= Highest(upper, i, point.size(), i)) continue;
      UpperBound lowered = upper;
      lowered.bound[i] = point[i];
      lowered.definers[i] = point;
      next.push_back(std::move(lowered));
    }
  }
  uppers = std::move(next);
}

// Levels of the region, and the places that points have in them.
std::vector<Places> AddLevels(const std::vector<Values>& points, const Values& reference,
                              std::vector<Values>& levels) {
  std::vector<Places> places(points.size(), Places(reference.size()));
  for (size_t objective = 0; objective < reference.size(); ++objective) {
    std::vector<size_t> order(points.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return points[a][objective] < points[b][objective];
    });
    Values& of_objective = levels.emplace_back(1, -std::numeric_limits<double>::infinity());
    for (const size_t i : order) {
      places[i][objective] = of_objective.size();
      of_objective.push_back(points[i][objective]);
    }
    of_objective.push_back(reference[objective]);
  }
  return places;
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
  std::vector<Values> front;
  for (const size_t place : ParetoFront(points)) {
    if (IsBelow(points[place], reference)) front.push_back(points[place]);
  }
  FreeRegion region;
  const std::vector<Places> places = AddLevels(front, reference, region.levels);
  std::vector<UpperBound> uppers = {WholeRegion(Places(reference.size(), front.size() + 1))};
  for (const Places& point : places) Insert(point, uppers);
  for (const UpperBound& upper : uppers) {
    FreeRegion::Box box;
    bool empty = false;
    for (size_t i = 0; i < reference.size(); ++i) {
      box.lower.push_back(Highest(upper, i, i, i));
      box.upper.push_back(upper.bound[i]);
      empty = empty || region.levels[i][box.lower[i]] >= region.levels[i][box.upper[i]];
    }
    if (!empty) region.boxes.push_back(std::move(box));
  }
  return region;
}

}  // namespace caviar::sampling::gp
