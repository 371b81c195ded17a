#include "server/sampling/pareto_levels.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace caviar::sampling {
namespace {

using Member = ParetoLevels::Member;
using Level = std::vector<Member>;

bool AnyDominates(const Level& level, const Member& member) {
  return std::any_of(level.begin(), level.end(),
                     [&](const Member& other) { return Dominates(other.values, member.values); });
}

// How far apart the neighbours on both sides are, summed over the objectives, each in units of its
// range; infinite at the ends (Deb et al. 2002, "crowding distance").
std::vector<double> CrowdingDistances(const Level& level) {
  std::vector<double> distances(level.size(), 0.0);
  std::vector<size_t> order(level.size());
  for (size_t k = 0; k < level.front().values.size(); ++k) {
    const auto at = [&](size_t i) { return level[order[i]].values[k]; };
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(level[a].values[k], level[a].trial) <
             std::pair(level[b].values[k], level[b].trial);
    });
    const size_t last = order.size() - 1;
    // Halves: the range of finite numbers may not be finite.
    const double range = at(last) / 2 - at(0) / 2;
    distances[order[0]] = distances[order[last]] = std::numeric_limits<double>::infinity();
    if (!(range > 0)) continue;
    for (size_t i = 1; i < last; ++i) {
      distances[order[i]] += (at(i + 1) / 2 - at(i - 1) / 2) / range;
    }
  }
  return distances;
}

void Thin(size_t left, Level& level) {
  const std::vector<double> distances = CrowdingDistances(level);
  std::vector<size_t> order(level.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(-distances[a], level[a].trial) < std::pair(-distances[b], level[b].trial);
  });
  order.resize(left);
  Level thinned;
  for (const size_t i : order) thinned.push_back(std::move(level[i]));
  level = std::move(thinned);
}

}  // namespace

bool Dominates(const Values& a, const Values& b) {
  bool better = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

void ParetoLevels::Add(Member trial) {
  size_t at = 0;
  while (at < levels_.size() && AnyDominates(levels_[at], trial)) ++at;
  // What it dominates on its level goes one down, and so does what that dominates there.
  Level moving;
  moving.push_back(std::move(trial));
  for (; !moving.empty(); ++at) {
    if (at == levels_.size()) levels_.emplace_back();
    Level& level = levels_[at];
    const auto pushed =
        std::stable_partition(level.begin(), level.end(),
                              [&](const Member& member) { return !AnyDominates(moving, member); });
    Level next(std::make_move_iterator(pushed), std::make_move_iterator(level.end()));
    level.erase(pushed, level.end());
    std::move(moving.begin(), moving.end(), std::back_inserter(level));
    moving = std::move(next);
    if (level.size() > widest_) Thin(widest_ / 2, level);
  }
  size_t members = 0, levels = 0;
  while (levels < levels_.size() && members < kept_) members += levels_[levels++].size();
  levels_.resize(levels);
}

}  // namespace caviar::sampling
