// How the Gaussian process sees a configuration: columns of numbers.
#ifndef CAVIAR_SERVER_SAMPLING_GP_POINTS_H_
#define CAVIAR_SERVER_SAMPLING_GP_POINTS_H_

#include <vector>

#include "server/sampling/gp_lanes.h"
#include "server/sampling/gp_loops.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// An axis is a group of columns: a number's is its place; a categorical's its index, which is equal
// or not. Where a number may be inactive, a second column says whether it is: two points of which
// one has the axis are 1 apart there, and two that do not have it 0. Axes of one value have no
// column.
class PointLayout {
 public:
  PointLayout() = default;
  explicit PointLayout(const search_space::ModelSpace& space);

  // With weights 1.
  const std::vector<Covariance::Column>& columns() const { return columns_; }
  int width() const { return static_cast<int>(columns_.size()); }
  int groups() const { return columns_.empty() ? 0 : columns_.back().group + 1; }
  // Whether the group is an axis without order.
  bool unordered(int group) const { return unordered_[static_cast<size_t>(group)]; }
  // The axis of a column, and the column of an axis' number; -1: it has none.
  int axis(int column) const { return axes_[static_cast<size_t>(column)]; }
  int column(int axis) const { return column_of_[static_cast<size_t>(axis)]; }

  // Puts the point into place `index` of every column.
  void Set(const search_space::ModelPoint& point, int index, Grid& columns) const;

 private:
  std::vector<Covariance::Column> columns_;
  std::vector<int> axes_;
  std::vector<int> column_of_;
  std::vector<bool> unordered_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_POINTS_H_
