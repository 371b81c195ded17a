// How many configurations a space has, and each of them in turn.
#include <algorithm>
#include <cmath>
#include <set>

#include "server/search_space/model_space.h"

namespace caviar::search_space {

// Walks the tree of what conditions read. Values of a parameter that no condition names are alike:
// one stands for them all.
class ModelSpace::Counting {
 public:
  explicit Counting(const ModelSpace& space)
      : space_(space),
        named_(space.axes_.size()),
        point_(space.axes_.size(), 0.5),
        active_(space.axes_.size(), false) {
    for (const Axis& axis : space.axes_) {
      for (const Condition& condition : axis.conditions) {
        if (condition.parent < 0) continue;
        named_[static_cast<size_t>(condition.parent)].insert(condition.allowed.begin(),
                                                             condition.allowed.end());
      }
    }
    // What conditions read first: the tree branches there only.
    for (const int i : space.order_) {
      if (!named_[static_cast<size_t>(i)].empty()) order_.push_back(static_cast<size_t>(i));
    }
    for (const int i : space.order_) {
      if (named_[static_cast<size_t>(i)].empty()) order_.push_back(static_cast<size_t>(i));
    }
  }

  // NaN: it would take too long.
  double Count() {
    const double count = From(0);
    return steps_ > kMaxSteps ? std::nan("") : count;
  }

 private:
  static constexpr int kMaxSteps = 1000000;

  // Configurations of the axes from `depth` on, given the values of those before.
  double From(size_t depth) {
    if (depth == order_.size()) return 1;
    if (++steps_ > kMaxSteps) return 0;
    const size_t i = order_[depth];
    const Axis& axis = space_.axes_[i];
    active_[i] = space_.Hold(axis.conditions, point_, active_);
    if (!active_[i]) return From(depth + 1);
    if (named_[i].empty()) return axis.model.values * From(depth + 1);
    double count = 0;
    int64_t other = 0;  // the first value that is not named
    for (const int64_t index : named_[i]) {
      other += index == other;
      point_[i] = Middle(axis, index);
      count += From(depth + 1);
    }
    const double others = axis.model.values - static_cast<double>(named_[i].size());
    if (others < 1) return count;
    point_[i] = Middle(axis, other);
    return count + others * From(depth + 1);
  }

  const ModelSpace& space_;
  std::vector<std::set<int64_t>> named_;  // by axis: indices of values that conditions name
  std::vector<size_t> order_;
  Point point_;
  std::vector<bool> active_;
  int steps_ = 0;
};

void ModelSpace::CountConfigurations() {
  const double exact = Counting(*this).Count();
  configurations_ = 1;
  if (std::isnan(exact)) {
    for (const Axis& axis : axes_) configurations_ *= axis.model.values;
  } else {
    configurations_ = exact;
  }
}

std::optional<Point> ModelSpace::Find(const std::function<bool(const Point&)>& wanted) const {
  Point point(axes_.size(), 0.5);
  std::vector<bool> active(axes_.size(), false);
  const auto go = [&](auto&& self, size_t depth) -> bool {
    if (depth == order_.size()) return wanted(point);
    const auto i = static_cast<size_t>(order_[depth]);
    const Axis& axis = axes_[i];
    active[i] = Hold(axis.conditions, point, active);
    point[i] = 0.5;
    if (!active[i]) return self(self, depth + 1);
    if (std::isinf(axis.model.values)) return false;
    for (int64_t index = 0; static_cast<double>(index) < axis.model.values; ++index) {
      point[i] = Middle(axis, index);
      if (self(self, depth + 1)) return true;
    }
    return false;
  };
  if (go(go, 0)) return point;
  return std::nullopt;
}

}  // namespace caviar::search_space
