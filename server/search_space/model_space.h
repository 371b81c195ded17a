// The space as models see it: axes on which distances mean something, and categories.
//
// Coordinates of a Point are cells of a cube, made for drawing. A model wants the values
// themselves: whole numbers and grids where their values lie on the scaled axis, numeric ordinals
// by their numbers, other ordinals by rank, categories without order, and nothing at all where an
// axis is inactive.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_
#define CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/search_space.pb.h"
#include "google/protobuf/repeated_field.h"

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
  // Of kOrdered: where its values lie, growing, in [0, 1]; at least one. Of more than kMaxPlaces
  // values models see a real axis, on which only the values' own places are ever reached.
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
  // Valid parameters, all of the study's, in its order, and valid constraints between them.
  explicit ModelSpace(
      const std::vector<v1::Parameter>& parameters,
      const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints = {});

  // Axes.
  int dimensions() const { return static_cast<int>(axes_.size()); }
  const ModelAxis& axis(int axis) const { return axes_[static_cast<size_t>(axis)].model; }
  // Whether some axis may be inactive, and whether this one may.
  bool conditional() const { return conditional_; }
  bool conditional(int axis) const { return !axes_[static_cast<size_t>(axis)].conditions.empty(); }
  // Different configurations there are, whatever linear constraints say; infinite where a real axis
  // may be active. Where conditions make the counting long (above a million steps), an upper bound.
  double configurations() const { return configurations_; }

  // Whether there are linear constraints, and whether the configuration at a point keeps all of
  // them. One that misses a bound by rounding keeps it.
  bool constrained() const { return !constraints_.empty(); }
  bool Allows(const Point& point) const;

  // Active axes of a point.
  std::vector<bool> Active(const Point& point) const;

  // The model's coordinates of a point, and a point that has these. NaN is read as the axis' first
  // value, anything else is rounded to what the axis has; what is inactive is ignored:
  // ToModel(ToPoint(m)) is m rounded. The middle of its cell stands for a value that has one, 0.5
  // for an inactive axis: for all points of one configuration that differ in more than the rounding
  // of real numbers, ToPoint(ToModel(p)) is the same.
  ModelPoint ToModel(const Point& point) const;
  Point ToPoint(const ModelPoint& model) const;

  // The point that SearchSpace::ToPoint gives for the configuration at `point`: the same bits for
  // all points of one configuration. Slower than the two above: real numbers are searched for.
  Point Canonical(const Point& point) const;

  // The first configuration's point, in the axes' order, that `wanted` says yes to. nullopt: there
  // is none, or all have an active real axis.
  std::optional<Point> Find(const std::function<bool(const Point&)>& wanted) const;

 private:
  struct Condition {
    int parent = -1;               // axis; -1: decided already, by `fixed`
    bool fixed = false;            // whether it holds
    std::vector<int64_t> allowed;  // indices of the parent's values, growing
  };
  struct Axis {
    v1::Parameter parameter;
    ModelAxis model;
    std::vector<double> middles;  // of cells; empty: more than kMaxPlaces values, or real
    std::vector<Condition> conditions;
  };
  // Of a linear constraint.
  struct Term {
    int axis = -1;  // -1: a parameter of the value `fixed`, active where `conditions` hold
    double coefficient = 0;
    double fixed = 0;
    std::vector<Condition> conditions;
  };
  struct Constraint {
    v1::LinearConstraint definition;
    std::vector<Term> terms;  // by name
  };
  class Counting;

  static Axis MakeAxis(const v1::Parameter& parameter);
  void AddConditions(const std::vector<v1::Parameter>& parameters);
  void AddConstraints(const std::vector<v1::Parameter>& parameters,
                      const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints);
  std::vector<Condition> ConditionsOf(
      const v1::Parameter& parameter,
      const std::map<std::string, const v1::Parameter*>& named) const;
  void Order();
  void CountConfigurations();
  static double Middle(const Axis& axis, int64_t index);
  static int Nearest(const Axis& axis, double place);
  // Whether they hold where `active` and `point` are known for the parents.
  bool Hold(const std::vector<Condition>& conditions, const Point& point,
            const std::vector<bool>& active) const;

  std::vector<Axis> axes_;
  std::vector<int> order_;  // axes, parents first
  std::vector<Constraint> constraints_;
  bool conditional_ = false;
  double configurations_ = 1;
};

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_MODEL_SPACE_H_
