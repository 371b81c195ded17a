#include "server/search_space/model_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "caviar/v1/vocabulary.h"
#include "server/search_space/axis.h"

namespace caviar::search_space {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Combinations of values that conditions read which Count goes through one by one.
constexpr double kMaxCombinations = 1e6;

// Where numbers that grow or fall lie between the first and the last; empty: they do neither.
std::vector<double> PlacesOf(const v1::Parameter& parameter) {
  std::vector<double> numbers;
  for (const v1::Value& value : parameter.values()) {
    const std::optional<double> number = AsNumber(value);
    if (!number) return {};
    numbers.push_back(*number);
  }
  if (numbers.size() < 2) return {};
  const bool grows = numbers[1] > numbers[0];
  std::vector<double> places;
  const double width = numbers.back() - numbers.front();
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && (numbers[i] > numbers[i - 1]) != grows) return {};
    places.push_back((numbers[i] - numbers.front()) / width);
  }
  return places;
}

// Values of an axis that has finitely many; infinity: real numbers.
double ValuesOf(const v1::Parameter& parameter) {
  switch (parameter.type()) {
    case v1::Parameter::BOOL:
      return 2;
    case v1::Parameter::INT:
      if (parameter.has_step()) return LastGridIndex(parameter) + 1;
      return parameter.max() - parameter.min() + 1;
    case v1::Parameter::DOUBLE:
      return parameter.has_step() ? LastGridIndex(parameter) + 1 : kInfinity;
    default:
      return parameter.values_size();
  }
}

// The logarithmic axis of whole numbers, whose cells differ: from f(n - 1/2) to f(n + 1/2).
bool HasLogCells(const v1::Parameter& parameter) {
  return parameter.type() == v1::Parameter::INT && parameter.scale() == v1::Parameter::LOG;
}

double LogShare(const v1::Parameter& parameter, double x) {
  const double low = std::log(parameter.min() - 0.5), high = std::log(parameter.max() + 0.5);
  return (std::log(x) - low) / (high - low);
}

}  // namespace

ModelSpace::ModelSpace(const std::vector<v1::Parameter>& parameters) {
  for (const v1::Parameter& parameter : parameters) {
    if (!parameter.has_value()) axes_.push_back(MakeAxis(parameter));
  }
  AddConditions(parameters);
  Order();
  configurations_ = Count();
}

ModelSpace::Axis ModelSpace::MakeAxis(const v1::Parameter& parameter) {
  Axis axis;
  axis.parameter = parameter;
  ModelAxis& model = axis.model;
  model.values = ValuesOf(parameter);
  const bool unordered =
      parameter.type() == v1::Parameter::CATEGORICAL || parameter.type() == v1::Parameter::BOOL;
  if (!unordered && model.values > kMaxPlaces) return axis;
  const int count = static_cast<int>(model.values);
  for (int i = 0; i < count; ++i) {
    axis.edges.push_back(i + 1 == count           ? 1.0
                         : HasLogCells(parameter) ? LogShare(parameter, parameter.min() + i + 0.5)
                                                  : (i + 1.0) / count);
  }
  if (unordered) {
    model.kind = ModelAxis::Kind::kCategorical;
    model.categories = count;
    return axis;
  }
  model.kind = ModelAxis::Kind::kOrdered;
  if (parameter.type() == v1::Parameter::ORDINAL) model.places = PlacesOf(parameter);
  if (model.places.empty()) {
    for (int i = 0; i < count; ++i) model.places.push_back(Middle(axis, i));
  }
  return axis;
}

void ModelSpace::AddConditions(const std::vector<v1::Parameter>& parameters) {
  std::map<std::string, int> axis_of;
  std::map<std::string, const v1::Parameter*> named;
  for (size_t i = 0; i < axes_.size(); ++i) {
    axis_of[axes_[i].parameter.name()] = static_cast<int>(i);
  }
  for (const v1::Parameter& parameter : parameters) named[parameter.name()] = &parameter;
  // A parent with a fixed value may have parents of its own.
  const auto add = [&](auto&& self, const v1::Parameter& of, Axis& axis) -> void {
    for (const v1::Condition& when : of.when()) {
      const v1::Parameter& parent = *named.at(when.parameter());
      Condition condition;
      const auto found = axis_of.find(when.parameter());
      condition.parent = found == axis_of.end() ? -1 : found->second;
      if (condition.parent < 0) {
        const std::string key = vocabulary::ValueKey(parent.value());
        condition.fixed =
            std::any_of(when.values().begin(), when.values().end(),
                        [&](const v1::Value& value) { return vocabulary::ValueKey(value) == key; });
        self(self, parent, axis);
      } else {
        const Axis& from = axes_[static_cast<size_t>(condition.parent)];
        condition.allowed.resize(from.edges.size(), false);
        for (const v1::Value& value : when.values()) {
          const std::optional<double> coordinate = CoordinateOf(parent, value);
          if (!coordinate) continue;
          if (from.edges.empty()) {
            condition.numbers.push_back(*coordinate);
          } else {
            condition.allowed[static_cast<size_t>(CellOf(from, *coordinate))] = true;
          }
        }
      }
      axis.conditions.push_back(std::move(condition));
    }
  };
  for (Axis& axis : axes_) {
    const v1::Parameter parameter = axis.parameter;
    add(add, parameter, axis);
    conditional_ = conditional_ || !axis.conditions.empty();
  }
}

void ModelSpace::Order() {
  std::vector<bool> placed(axes_.size(), false);
  while (order_.size() < axes_.size()) {
    for (size_t i = 0; i < axes_.size(); ++i) {
      const auto& conditions = axes_[i].conditions;
      if (placed[i] || !std::all_of(conditions.begin(), conditions.end(), [&](const auto& c) {
            return c.parent < 0 || placed[static_cast<size_t>(c.parent)];
          })) {
        continue;
      }
      placed[i] = true;
      order_.push_back(static_cast<int>(i));
    }
  }
}

double ModelSpace::Count() const {
  double all = 1, combinations = 1;
  std::vector<int> read;  // axes that conditions read, parents first
  for (const int i : order_) {
    all *= axes_[static_cast<size_t>(i)].model.values;
    const bool is_read = std::any_of(axes_.begin(), axes_.end(), [i](const Axis& axis) {
      return std::any_of(axis.conditions.begin(), axis.conditions.end(),
                         [i](const Condition& condition) { return condition.parent == i; });
    });
    if (!is_read) continue;
    read.push_back(i);
    combinations *= axes_[static_cast<size_t>(i)].model.values;
  }
  if (!conditional_ || !(combinations <= kMaxCombinations)) return all;
  // For every combination of what conditions read, the others are independent.
  double count = 0;
  Point point(axes_.size(), 0.5);
  const auto go = [&](auto&& self, size_t depth) -> void {
    if (depth == read.size()) {
      const std::vector<bool> active = Active(point);
      double here = 1;
      for (size_t i = 0; i < axes_.size(); ++i) {
        const bool is_read = std::find(read.begin(), read.end(), static_cast<int>(i)) != read.end();
        if (!is_read && active[i]) here *= axes_[i].model.values;
        // One that is inactive has one value only: the first one stands for it.
        if (is_read && !active[i] && CellOf(axes_[i], point[i]) != 0) here = 0;
      }
      count += here;
      return;
    }
    const auto i = static_cast<size_t>(read[depth]);
    for (int cell = 0; cell < static_cast<int>(axes_[i].edges.size()); ++cell) {
      point[i] = Middle(axes_[i], cell);
      self(self, depth + 1);
    }
  };
  go(go, 0);
  return count;
}

int ModelSpace::CellOf(const Axis& axis, double coordinate) {
  const double u = coordinate > 0 ? std::min(coordinate, 1.0) : 0.0;
  const auto edge = std::upper_bound(axis.edges.begin(), axis.edges.end(), u);
  return std::min(static_cast<int>(edge - axis.edges.begin()),
                  static_cast<int>(axis.edges.size()) - 1);
}

double ModelSpace::Middle(const Axis& axis, int cell) {
  const auto i = static_cast<size_t>(cell);
  return ((i > 0 ? axis.edges[i - 1] : 0.0) + axis.edges[i]) / 2;
}

int ModelSpace::Nearest(const Axis& axis, double place) {
  const std::vector<double>& places = axis.model.places;
  const auto above = std::lower_bound(places.begin(), places.end(), place);
  if (above == places.begin()) return 0;
  if (above == places.end()) return static_cast<int>(places.size()) - 1;
  const int index = static_cast<int>(above - places.begin());
  return *above - place < place - *(above - 1) ? index : index - 1;
}

bool ModelSpace::IsActive(const Axis& axis, const Point& point,
                          const std::vector<bool>& active) const {
  return std::all_of(axis.conditions.begin(), axis.conditions.end(), [&](const Condition& c) {
    if (c.parent < 0) return c.fixed;
    const auto i = static_cast<size_t>(c.parent);
    if (!active[i]) return false;
    if (axes_[i].edges.empty()) {
      return std::find(c.numbers.begin(), c.numbers.end(), point[i]) != c.numbers.end();
    }
    return static_cast<bool>(c.allowed[static_cast<size_t>(CellOf(axes_[i], point[i]))]);
  });
}

std::vector<bool> ModelSpace::Active(const Point& point) const {
  std::vector<bool> active(axes_.size(), false);
  for (const int i : order_) {
    const auto k = static_cast<size_t>(i);
    active[k] = IsActive(axes_[k], point, active);
  }
  return active;
}

ModelPoint ModelSpace::ToModel(const Point& point) const {
  const std::vector<bool> active = Active(point);
  ModelPoint model(axes_.size(), kNone);
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (!active[i]) continue;
    const Axis& axis = axes_[i];
    if (axis.edges.empty()) {
      model[i] = point[i] > 0 ? std::min(point[i], 1.0) : 0.0;
    } else {
      const int cell = CellOf(axis, point[i]);
      model[i] = axis.model.kind == ModelAxis::Kind::kCategorical
                     ? cell
                     : axis.model.places[static_cast<size_t>(cell)];
    }
  }
  return model;
}

Point ModelSpace::ToPoint(const ModelPoint& model) const {
  Point point(axes_.size(), 0.0);
  for (size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    // Written so that NaN is the first value.
    const double place = model[i] > 0 ? model[i] : 0.0;
    switch (axis.model.kind) {
      case ModelAxis::Kind::kReal:
        point[i] = std::min(place, 1.0);
        break;
      case ModelAxis::Kind::kOrdered:
        point[i] = Middle(axis, Nearest(axis, place));
        break;
      case ModelAxis::Kind::kCategorical:
        point[i] = Middle(
            axis, static_cast<int>(std::min<double>(place + 0.5, axis.model.categories - 1)));
        break;
    }
  }
  const std::vector<bool> active = Active(point);
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (!active[i]) point[i] = 0.5;
  }
  return point;
}

std::optional<Point> ModelSpace::Find(const std::function<bool(const Point&)>& wanted) const {
  Point point(axes_.size(), 0.5);
  std::vector<bool> active(axes_.size(), false);
  const auto go = [&](auto&& self, size_t depth) -> bool {
    if (depth == order_.size()) return wanted(point);
    const auto i = static_cast<size_t>(order_[depth]);
    active[i] = IsActive(axes_[i], point, active);
    if (!active[i]) {
      point[i] = 0.5;
      return self(self, depth + 1);
    }
    for (int cell = 0; cell < static_cast<int>(axes_[i].edges.size()); ++cell) {
      point[i] = Middle(axes_[i], cell);
      if (self(self, depth + 1)) return true;
    }
    return false;
  };
  if (go(go, 0)) return point;
  return std::nullopt;
}

}  // namespace caviar::search_space
