// The space as models see it: axes on which distances mean something, and categories.
//
// Coordinates of a Point are cells of a cube, made for drawing. A model wants the values
// themselves: whole numbers and grids where their values lie on the scaled axis, numeric ordinals
// by their numbers, other ordinals by rank, categories without order, and nothing at all where an
// axis is inactive.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_
#define CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_

#include <functional>
#include <optional>
#include <vector>

#include "caviar/v1/search_space.pb.h"

namespace caviar::search_space {

// Coordinates in [0, 1], one an axis; an axis is a parameter without a fixed value, in the study's
// order.
using Point = std::vector<double>;

// One coordinate an axis: a place in [0, 1], or the index of a category; NaN: inactive.
using ModelPoint = std::vector<double>;

struct ModelAxis {
  enum class Kind {
    kReal,         // any place in [0, 1]
    kOrdered,      // one of `places`
    kCategorical,  // an index in [0, categories)
  };
  Kind kind = Kind::kReal;
  // Of kOrdered: where its values lie, growing, in [0, 1]; at least one. Of more than
  // kMaxPlaces values models see a real axis.
  std::vector<double> places;
  // Of kCategorical.
  int categories = 0;
  // Different values it has; infinite for real numbers.
  double values = 0;
};

inline constexpr int kMaxPlaces = 4096;

// Immutable and thread safe.
class ModelSpace {
 public:
  ModelSpace() = default;
  // Valid parameters, all of the study's, in its order.
  explicit ModelSpace(const std::vector<v1::Parameter>& parameters);

  // Axes.
  int dimensions() const { return static_cast<int>(axes_.size()); }
  const ModelAxis& axis(int axis) const { return axes_[static_cast<size_t>(axis)].model; }
  // Whether some axis may be inactive, and whether this one may.
  bool conditional() const { return conditional_; }
  bool conditional(int axis) const { return !axes_[static_cast<size_t>(axis)].conditions.empty(); }
  // Different configurations there are; infinite where an axis is real. Where conditions make the
  // counting long (above a million combinations of what they read), an upper bound.
  double configurations() const { return configurations_; }

  // Active axes of a point.
  std::vector<bool> Active(const Point& point) const;

  // The model's coordinates of a point, and a point that has these. NaN is read as the axis' first
  // value, anything else is rounded to what the axis has; what is inactive is ignored:
  // ToModel(ToPoint(m)) is m rounded. The middle of its cell stands for a value that has one, 0.5
  // for an inactive axis: for all points of one configuration, ToPoint(ToModel(p)) is the same.
  ModelPoint ToModel(const Point& point) const;
  Point ToPoint(const ModelPoint& model) const;

  // The first configuration's point, in the axes' order, that `wanted` says yes to. For finite
  // spaces.
  std::optional<Point> Find(const std::function<bool(const Point&)>& wanted) const;

 private:
  struct Condition {
    int parent;                   // axis; -1: decided already, by `fixed`
    std::vector<bool> allowed;    // by index of the parent's value
    std::vector<double> numbers;  // where the parent is real: its values, as coordinates
    bool fixed = false;
  };
  struct Axis {
    v1::Parameter parameter;
    ModelAxis model;
    std::vector<double> edges;  // of cells: upper ones, the last is 1; empty: real
    std::vector<Condition> conditions;
  };

  static Axis MakeAxis(const v1::Parameter& parameter);
  void AddConditions(const std::vector<v1::Parameter>& parameters);
  void Order();
  double Count() const;
  static int CellOf(const Axis& axis, double coordinate);
  static double Middle(const Axis& axis, int cell);
  static int Nearest(const Axis& axis, double place);
  // Whether the axis is active where `active` and `point` are known for its parents.
  bool IsActive(const Axis& axis, const Point& point, const std::vector<bool>& active) const;

  std::vector<Axis> axes_;
  std::vector<int> order_;  // axes, parents first
  bool conditional_ = false;
  double configurations_ = 1;
};

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_
