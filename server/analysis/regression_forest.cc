#include "server/analysis/regression_forest.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

#include "server/analysis/unit_draws.h"

namespace caviar::analysis {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

constexpr uint64_t kForestSeed = 1;
// A node of a larger space tries so many axes, drawn anew.
constexpr int kMostAxes = 32;

}  // namespace

// An inactive coordinate where none of a node's trials was goes right.
bool RegressionForest::Node::GoesLeft(double coordinate) const {
  switch (test) {
    case Test::kBelow:
      return coordinate < at;
    case Test::kCategory:
      return coordinate == at;
    case Test::kActive:
      return !std::isnan(coordinate);
    case Test::kLeaf:
      break;
  }
  return false;
}

// Grows tree after tree.
class RegressionForest::Growing {
 public:
  Growing(const ModelSpace& space, const std::vector<ModelPoint>& places,
          const std::vector<double>& values)
      : space_(space), values_(values), random_(kForestSeed) {
    columns_.resize(static_cast<size_t>(space.dimensions()));
    for (size_t axis = 0; axis < columns_.size(); ++axis) {
      for (const ModelPoint& place : places) columns_[axis].push_back(place[axis]);
    }
  }

  Tree Grow() {
    trials_.resize(values_.size());
    std::iota(trials_.begin(), trials_.end(), size_t{0});
    tree_.assign(1, Node());
    // Not by recursion: a tree may be as deep as there are trials.
    open_ = {{0, 0, trials_.size()}};
    while (!open_.empty()) {
      const Range range = open_.back();
      open_.pop_back();
      GrowNode(range);
    }
    return std::move(tree_);
  }

 private:
  // A node, and where its trials are in `trials_`.
  struct Range {
    size_t node, begin, end;
  };

  void GrowNode(const Range& range) {
    double sum = 0;
    for (size_t i = range.begin; i < range.end; ++i) sum += values_[trials_[i]];
    tree_[range.node].value = sum / static_cast<double>(range.end - range.begin);
    const Node best = BestSplit(range, sum);
    if (best.test == Node::Test::kLeaf) return;
    const std::vector<double>& column = columns_[static_cast<size_t>(best.axis)];
    const auto begin = trials_.begin() + static_cast<std::ptrdiff_t>(range.begin);
    const auto end = trials_.begin() + static_cast<std::ptrdiff_t>(range.end);
    const auto right =
        std::partition(begin, end, [&](size_t trial) { return best.GoesLeft(column[trial]); });
    const auto middle = static_cast<size_t>(right - trials_.begin());
    const size_t left = tree_.size();
    tree_[range.node] = best;
    tree_[range.node].left = static_cast<int32_t>(left);
    tree_.resize(left + 2);
    open_.push_back({left + 1, middle, range.end});
    open_.push_back({left, range.begin, middle});
  }

  // A leaf where none leaves less variance than there is. `sum` is that of the values.
  Node BestSplit(const Range& range, double sum) {
    const auto count = static_cast<double>(range.end - range.begin);
    const int dimensions = space_.dimensions();
    Node best;
    double best_between = sum * sum / count;
    for (int i = 0; i < std::min(dimensions, kMostAxes) && count > 1; ++i) {
      const int axis = dimensions <= kMostAxes ? i : static_cast<int>(DrawBelow(columns_.size()));
      const auto split = DrawSplit(axis, range);
      if (!split) continue;
      const std::vector<double>& column = columns_[static_cast<size_t>(axis)];
      double left = 0, left_sum = 0;
      for (size_t k = range.begin; k < range.end; ++k) {
        if (!split->GoesLeft(column[trials_[k]])) continue;
        ++left;
        left_sum += values_[trials_[k]];
      }
      if (left == 0 || left == count) continue;
      const double right_sum = sum - left_sum;
      const double between = left_sum * left_sum / left + right_sum * right_sum / (count - left);
      if (between > best_between) {
        best = *split;
        best_between = between;
      }
    }
    return best;
  }

  // nullopt: the node's trials are all at the same place.
  std::optional<Node> DrawSplit(int axis, const Range& range) {
    const std::vector<double>& column = columns_[static_cast<size_t>(axis)];
    double least = std::numeric_limits<double>::infinity(), greatest = -least;
    size_t active = 0;
    for (size_t i = range.begin; i < range.end; ++i) {
      const double place = column[trials_[i]];
      if (std::isnan(place)) continue;
      ++active;
      least = std::min(least, place);
      greatest = std::max(greatest, place);
    }
    Node split;
    split.axis = axis;
    const size_t count = range.end - range.begin;
    if (active > 0 && active < count) {
      split.test = Node::Test::kActive;
    } else if (!(least < greatest)) {
      return std::nullopt;
    } else if (space_.axis(axis).kind == ModelAxis::Kind::kCategorical) {
      split.test = Node::Test::kCategory;
      split.at = column[trials_[range.begin + DrawBelow(count)]];
    } else {
      split.test = Node::Test::kBelow;
      split.at = least + (greatest - least) * (1 - DrawUnit(random_));
    }
    return split;
  }

  size_t DrawBelow(size_t count) {
    return static_cast<size_t>(DrawUnit(random_) * static_cast<double>(count));
  }

  const ModelSpace& space_;
  const std::vector<double>& values_;
  std::vector<std::vector<double>> columns_;  // [axis x trial]
  std::mt19937_64 random_;
  // Of the tree that grows.
  std::vector<size_t> trials_;
  std::vector<Range> open_;
  Tree tree_;
};

RegressionForest::RegressionForest(const ModelSpace& space, const std::vector<ModelPoint>& places,
                                   const std::vector<double>& values) {
  Growing growing(space, places, values);
  for (int tree = 0; tree < kTrees; ++tree) trees_.push_back(growing.Grow());
}

double RegressionForest::Predict(const ModelPoint& place) const {
  double sum = 0;
  for (const Tree& tree : trees_) {
    const Node* node = tree.data();
    while (node->test != Node::Test::kLeaf) {
      const bool left = node->GoesLeft(place[static_cast<size_t>(node->axis)]);
      node = &tree[static_cast<size_t>(node->left) + (left ? 0 : 1)];
    }
    sum += node->value;
  }
  return sum / static_cast<double>(trees_.size());
}

}  // namespace caviar::analysis
