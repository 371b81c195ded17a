#include "server/sampling/grid_sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"

namespace caviar::sampling {
namespace {

using search_space::Grid;
using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kGridPurpose = 0x67726964;  // not the key of another sampler
constexpr int kShuffleRounds = 6;
// Of a grid that is not counted: draws for an untried point.
constexpr uint64_t kGridDraws = 1000;
// Points of a random search by which the share of trials with an active axis is estimated.
constexpr uint32_t kProbes = 1024;

// All that was tried.
std::set<Point> Tried(const SamplerInput& input) {
  std::set<Point> tried;
  for (const Pending& pending : input.pending) tried.insert(pending.point);
  for (size_t i = 0; i < input.history.size(); ++i) tried.insert(input.history[i].point);
  return tried;
}

// Grids of more places than this are not counted one by one.
constexpr uint64_t kMaxWalked = 1'000'000;

Point DrawFrom(const Grid& grid, const ModelSpace& space, const SamplerInput& input,
               const std::set<Point>& tried) {
  Point point;
  for (uint64_t i = 0; i < kGridDraws; ++i) {
    const uint64_t key = RandomBits(input.seed, kGridPurpose, static_cast<uint64_t>(input.number));
    point = grid.Draw(
        [&](int axis) { return ToUnit(RandomBits(key, i, static_cast<uint64_t>(axis))); });
    if (tried.count(point) == 0 && space.Allows(point)) break;
  }
  return point;
}

// How many of its configurations keep the linear constraints; of a large grid an upper bound.
double AllowedOf(const Grid& grid, const ModelSpace& space) {
  constexpr double kMaxCounted = 100'000;
  if (!space.constrained() || !grid.is_counted() || grid.size() > kMaxCounted) return grid.size();
  double allowed = 0;
  for (uint64_t i = 0; i < static_cast<uint64_t>(grid.size()); ++i) {
    allowed += space.Allows(grid.At(i)) ? 1 : 0;
  }
  return allowed;
}

std::string Rounded(double number) {
  return number < 1e6 ? absl::StrCat(std::llround(number)) : absl::StrCat(number);
}

}  // namespace

uint64_t ShuffledIndex(uint32_t seed, uint64_t index, uint64_t size) {
  // A Feistel network over the next even number of bits, walked until it is back below `size`
  // (Black & Rogaway 2002, "Ciphers with arbitrary finite domains").
  const int half = std::max(1, static_cast<int>(std::bit_width(size - 1) + 1) / 2);
  const uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < kShuffleRounds; ++round) {
      const uint64_t next = left ^ (RandomBits(seed ^ kGridPurpose, round, right) & mask);
      left = right;
      right = next;
    }
    index = (left << half) | right;
  } while (index >= size);
  return index;
}

std::optional<Point> GridSampler::SuggestPoint(const search_space::SearchSpace& space,
                                               const SamplerInput& input) {
  std::vector<std::string> parameters;
  for (const v1::Parameter& parameter : space.parameters()) {
    parameters.push_back(parameter.SerializeAsString());
  }
  if (!grid_ || parameters != parameters_) {
    grid_.emplace(space);
    parameters_ = std::move(parameters);
  }
  const std::set<Point> tried = Tried(input);
  if (!grid_->is_counted()) return DrawFrom(*grid_, space.model(), input, tried);
  // Trials before this one took the places before this one's, unless others were tried too; then
  // those that were left out come at the end.
  const auto size = static_cast<uint64_t>(grid_->size());
  for (uint64_t i = 0; i < size; ++i) {
    const uint64_t place = (static_cast<uint64_t>(input.number) + i) % size;
    Point point = grid_->At(ShuffledIndex(input.seed, place, size));
    if (tried.count(point) == 0 && space.model().Allows(point)) return point;
    // Of so many places hardly any keeps the linear constraints.
    if (i == kMaxWalked + tried.size()) break;
  }
  return std::nullopt;
}

GridCost CostOfGrid(const search_space::SearchSpace& space) {
  const Grid grid(space);
  std::vector<int> active(static_cast<size_t>(space.dimensions()), 0);
  for (uint32_t i = 0; i < kProbes; ++i) {
    const std::vector<bool> here = space.model().Active(RandomPoint(0, i, space.dimensions()));
    for (size_t k = 0; k < here.size(); ++k) active[k] += here[k];
  }
  GridCost cost;
  cost.trials = AllowedOf(grid, space.model());
  for (int i = 0; i < space.dimensions(); ++i) {
    const double share = active[static_cast<size_t>(i)] / static_cast<double>(kProbes);
    cost.axes.push_back({space.axis(i).name(), static_cast<int>(grid.coordinates(i).size()),
                         search_space::ExpectedValues(space.axis(i), share * cost.trials)});
  }
  return cost;
}

std::string DescribeGridCost(const GridCost& cost) {
  const GridCost::Axis* most = nullptr;
  for (const GridCost::Axis& axis : cost.axes) {
    if (axis.random_values < 1.5 * axis.grid_values) continue;
    if (most == nullptr ||
        axis.random_values * most->grid_values > most->random_values * axis.grid_values) {
      most = &axis;
    }
  }
  const std::string trials = absl::StrCat("a grid of ", Rounded(cost.trials), " trials");
  if (most == nullptr) return trials;
  return absl::StrCat(trials, " tries ", most->grid_values,
                      most->grid_values == 1 ? " value of " : " values of ", most->parameter,
                      "; random search would have tried ", Rounded(most->random_values));
}

}  // namespace caviar::sampling
