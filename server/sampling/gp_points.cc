#include "server/sampling/gp_points.h"

#include <cmath>

namespace caviar::sampling::gp {
namespace {

using search_space::ModelAxis;

constexpr double kInactiveNumber = 0.5;
constexpr double kInactiveCategory = -1;

}  // namespace

PointLayout::PointLayout(const search_space::ModelSpace& space) {
  int group = 0;
  for (int i = 0; i < space.dimensions(); ++i) {
    const ModelAxis& axis = space.axis(i);
    column_of_.push_back(-1);
    const bool conditional = space.conditional(i);
    if (axis.values <= 1 && !conditional) continue;
    const bool unordered = axis.kind == ModelAxis::Kind::kCategorical;
    column_of_.back() = width();
    columns_.push_back({group, unordered, 1.0});
    axes_.push_back(i);
    if (!unordered && conditional) {
      columns_.push_back({group, true, 1.0});
      axes_.push_back(i);
    }
    unordered_.push_back(unordered);
    ++group;
  }
}

void PointLayout::Set(const search_space::ModelPoint& point, int index, Grid& columns) const {
  for (int c = 0; c < width(); ++c) {
    const auto i = static_cast<size_t>(axis(c));
    const bool inactive = std::isnan(point[i]);
    double value = point[i];
    if (c != column_of_[i]) {
      value = inactive ? 1 : 0;
    } else if (inactive) {
      value = columns_[static_cast<size_t>(c)].unordered ? kInactiveCategory : kInactiveNumber;
    }
    columns(c, index) = value;
  }
}

}  // namespace caviar::sampling::gp
