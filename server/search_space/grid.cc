#include "server/search_space/grid.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "server/search_space/axis.h"

namespace caviar::search_space {
namespace {

constexpr double kMaxCounted = 9007199254740992;  // 2^53

// Values that the grid takes of one parameter.
int64_t ResolutionOf(const v1::Parameter& parameter) {
  const double values = ValueCount(parameter);
  const bool all =
      parameter.type() == v1::Parameter::BOOL || parameter.type() == v1::Parameter::CATEGORICAL;
  if (all || (!parameter.has_grid() && values <= kGridAllValues)) {
    return static_cast<int64_t>(values);
  }
  const int wanted = parameter.has_grid() ? parameter.grid() : kGridDefault;
  return static_cast<int64_t>(std::min<double>(values, wanted));
}

std::vector<double> CoordinatesOf(const v1::Parameter& parameter, const ModelAxis& model) {
  const int64_t count = ResolutionOf(parameter);
  const auto share = [count](int64_t i) {
    return count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
  };
  std::vector<double> coordinates;
  if (std::isinf(model.values)) {
    // A range of few doubles may give one twice.
    std::set<double> values;
    for (int64_t i = 0; i < count; ++i) {
      values.insert(CoordinateOf(parameter, ValueAt(parameter, share(i))).value());
    }
    return {values.begin(), values.end()};
  }
  // The index nearest to each share, and then further on where that one was taken: neighbours are
  // close to each other at the low end of whole numbers on a logarithmic scale.
  const auto last = static_cast<int64_t>(model.values) - 1;
  int64_t index = -1;
  for (int64_t i = 0; i < count; ++i) {
    int64_t wanted = 0;
    if (model.places.empty()) {
      wanted = IndexAt(parameter, share(i));
    } else {
      const double place =
          model.places.front() + share(i) * (model.places.back() - model.places.front());
      const auto above = std::lower_bound(model.places.begin(), model.places.end(), place);
      wanted = std::min<int64_t>(above - model.places.begin(), last);
      if (wanted > 0 && place - model.places[static_cast<size_t>(wanted - 1)] <
                            model.places[static_cast<size_t>(wanted)] - place) {
        --wanted;
      }
    }
    index = std::clamp(wanted, index + 1, last - (count - 1 - i));
    coordinates.push_back(MiddleOf(parameter, index));
  }
  return coordinates;
}

// Axes that conditions read, parents first.
std::vector<size_t> ReadAxes(const SearchSpace& space) {
  std::map<std::string, size_t> axis_of;
  for (int i = 0; i < space.dimensions(); ++i) {
    axis_of[space.axis(i).name()] = static_cast<size_t>(i);
  }
  std::map<std::string, const v1::Parameter*> parameters;
  for (const v1::Parameter& parameter : space.parameters())
    parameters[parameter.name()] = &parameter;
  std::vector<size_t> read;
  std::set<std::string> seen;
  const auto visit = [&](auto&& self, const v1::Parameter& child) -> void {
    for (const v1::Condition& condition : child.when()) {
      if (!seen.insert(condition.parameter()).second) continue;
      self(self, *parameters.at(condition.parameter()));
      const auto axis = axis_of.find(condition.parameter());
      if (axis != axis_of.end()) read.push_back(axis->second);
    }
  };
  for (const v1::Parameter& parameter : space.parameters()) visit(visit, parameter);
  return read;
}

}  // namespace

Grid::Grid(const SearchSpace& space) : model_(space.model()) {
  for (int i = 0; i < space.dimensions(); ++i) {
    coordinates_.push_back(CoordinatesOf(space.axis(i), model_.axis(i)));
  }
  MakeLeaves(space);
}

void Grid::MakeLeaves(const SearchSpace& space) {
  const std::vector<size_t> read = ReadAxes(space);
  read_.assign(coordinates_.size(), false);
  for (const size_t i : read) read_[i] = true;
  double count = 0;
  Point point(coordinates_.size(), 0.5);
  const auto go = [&](auto&& self, size_t depth) -> void {
    if (!counted_) return;
    std::vector<bool> active = model_.Active(point);
    if (depth < read.size()) {
      const size_t i = read[depth];
      // Known by now: its parents are before it.
      if (active[i]) {
        for (const double coordinate : coordinates_[i]) {
          point[i] = coordinate;
          self(self, depth + 1);
        }
      } else {
        self(self, depth + 1);
      }
      point[i] = 0.5;
      return;
    }
    double here = 1;
    for (size_t i = 0; i < coordinates_.size(); ++i) {
      if (!read_[i] && active[i]) here *= static_cast<double>(coordinates_[i].size());
    }
    count += here;
    counted_ = count <= kMaxCounted && leaves_.size() < kMaxLeaves;
    if (counted_) leaves_.push_back({static_cast<uint64_t>(count), point, std::move(active)});
  };
  go(go, 0);
  size_ = count;
  if (counted_) return;
  leaves_.clear();
  size_ = 1;
  for (const auto& axis : coordinates_) size_ *= static_cast<double>(axis.size());
}

Point Grid::At(uint64_t index) const {
  const auto leaf =
      std::upper_bound(leaves_.begin(), leaves_.end(), index,
                       [](uint64_t wanted, const Leaf& other) { return wanted < other.end; });
  uint64_t rest = index - (leaf == leaves_.begin() ? 0 : (leaf - 1)->end);
  Point point = leaf->point;
  for (size_t i = 0; i < point.size(); ++i) {
    if (read_[i] || !leaf->active[i]) continue;
    const uint64_t count = coordinates_[i].size();
    point[i] = coordinates_[i][rest % count];
    rest /= count;
  }
  return point;
}

Point Grid::Draw(const std::function<double(int axis)>& draw) const {
  Point point(coordinates_.size());
  for (size_t i = 0; i < point.size(); ++i) {
    const auto count = static_cast<double>(coordinates_[i].size());
    const double cell = std::min(std::floor(draw(static_cast<int>(i)) * count), count - 1);
    point[i] = coordinates_[i][static_cast<size_t>(cell)];
  }
  const std::vector<bool> active = model_.Active(point);
  for (size_t i = 0; i < point.size(); ++i) {
    if (!active[i]) point[i] = 0.5;
  }
  return point;
}

double ExpectedValues(const v1::Parameter& parameter, double draws) {
  const double values = ValueCount(parameter);
  if (std::isinf(values)) return draws;
  // Of `cells` cells of probability p each.
  const auto hit = [draws](double cells, double p) {
    return p >= 1 ? cells : cells * -std::expm1(draws * std::log1p(-p));
  };
  const bool log =
      parameter.type() == v1::Parameter::INT && parameter.scale() == v1::Parameter::LOG;
  if (!log) return draws > 0 ? hit(values, 1 / values) : 0;
  // Cells shrink along the axis; those of a block differ by less than a thousandth.
  const double width = std::log((parameter.max() + 0.5) / (parameter.min() - 0.5));
  double sum = 0;
  for (double low = parameter.min(); low <= parameter.max() && draws > 0;) {
    const double cells = std::min(std::max(1.0, std::floor(low / 1000)), parameter.max() + 1 - low);
    sum += hit(cells, std::log((low + cells - 0.5) / (low - 0.5)) / width / cells);
    low += cells;
  }
  return sum;
}

}  // namespace caviar::search_space
