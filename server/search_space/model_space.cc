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

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Where numbers that grow or fall lie on their scale between the first and the last; empty: they do
// neither, or some are too close to tell apart.
std::vector<double> PlacesOf(const v1::Parameter& parameter) {
  std::vector<double> numbers;
  for (const v1::Value& value : parameter.values()) {
    const std::optional<double> number = AsNumber(value);
    if (!number) return {};
    numbers.push_back(OnScale(parameter.scale(), *number));
  }
  if (numbers.size() < 2) return {};
  if (!std::isfinite(numbers.back() - numbers.front())) {
    for (double& number : numbers) number /= 2;
  }
  std::vector<double> places;
  for (const double number : numbers) {
    places.push_back((number - numbers.front()) / (numbers.back() - numbers.front()));
    // Written so that NaN is refused.
    if (places.size() > 1 && !(places.back() > places[places.size() - 2])) return {};
  }
  return places;
}

double Clamp(double coordinate) { return coordinate > 0 ? std::min(coordinate, 1.0) : 0.0; }

}  // namespace

ModelSpace::ModelSpace(
    const std::vector<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints) {
  for (const v1::Parameter& parameter : parameters) {
    if (!parameter.has_value()) axes_.push_back(MakeAxis(parameter));
  }
  AddConditions(parameters);
  AddConstraints(parameters, constraints);
  Order();
  CountConfigurations();
}

ModelSpace::Axis ModelSpace::MakeAxis(const v1::Parameter& parameter) {
  Axis axis;
  axis.parameter = parameter;
  ModelAxis& model = axis.model;
  model.values = ValueCount(parameter);
  const bool unordered =
      parameter.type() == v1::Parameter::CATEGORICAL || parameter.type() == v1::Parameter::BOOL;
  if (!unordered && model.values > kMaxPlaces) return axis;
  const int count = static_cast<int>(model.values);
  for (int i = 0; i < count; ++i) axis.middles.push_back(MiddleOf(parameter, i));
  if (unordered) {
    model.kind = ModelAxis::Kind::kCategorical;
    model.categories = count;
    return axis;
  }
  model.kind = ModelAxis::Kind::kOrdered;
  if (parameter.type() == v1::Parameter::ORDINAL) model.places = PlacesOf(parameter);
  if (model.places.empty()) model.places = axis.middles;
  return axis;
}

std::vector<ModelSpace::Condition> ModelSpace::ConditionsOf(
    const v1::Parameter& parameter,
    const std::map<std::string, const v1::Parameter*>& named) const {
  std::vector<Condition> conditions;
  // A parent with a fixed value may have parents of its own.
  const auto add = [&](auto&& self, const v1::Parameter& of) -> void {
    for (const v1::Condition& when : of.when()) {
      const v1::Parameter& parent = *named.at(when.parameter());
      Condition& condition = conditions.emplace_back();
      if (parent.has_value()) {
        const std::string key = vocabulary::ValueKey(parent.value());
        condition.fixed =
            std::any_of(when.values().begin(), when.values().end(),
                        [&](const v1::Value& value) { return vocabulary::ValueKey(value) == key; });
        self(self, parent);
        continue;
      }
      const auto axis = std::find_if(axes_.begin(), axes_.end(), [&](const Axis& candidate) {
        return candidate.parameter.name() == when.parameter();
      });
      condition.parent = static_cast<int>(axis - axes_.begin());
      for (const v1::Value& value : when.values()) {
        const std::optional<double> coordinate = CoordinateOf(parent, value);
        if (coordinate) condition.allowed.push_back(IndexAt(parent, *coordinate));
      }
      std::sort(condition.allowed.begin(), condition.allowed.end());
    }
  };
  add(add, parameter);
  return conditions;
}

void ModelSpace::AddConditions(const std::vector<v1::Parameter>& parameters) {
  std::map<std::string, const v1::Parameter*> named;
  for (const v1::Parameter& parameter : parameters) named[parameter.name()] = &parameter;
  for (Axis& axis : axes_) {
    axis.conditions = ConditionsOf(axis.parameter, named);
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

double ModelSpace::Middle(const Axis& axis, int64_t index) {
  return axis.middles.empty() ? MiddleOf(axis.parameter, index)
                              : axis.middles[static_cast<size_t>(index)];
}

int ModelSpace::Nearest(const Axis& axis, double place) {
  const std::vector<double>& places = axis.model.places;
  const auto above = std::lower_bound(places.begin(), places.end(), place);
  if (above == places.begin()) return 0;
  if (above == places.end()) return static_cast<int>(places.size()) - 1;
  const int index = static_cast<int>(above - places.begin());
  return *above - place < place - *(above - 1) ? index : index - 1;
}

bool ModelSpace::Hold(const std::vector<Condition>& conditions, const Point& point,
                      const std::vector<bool>& active) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) {
    if (c.parent < 0) return c.fixed;
    const auto i = static_cast<size_t>(c.parent);
    return active[i] && std::binary_search(c.allowed.begin(), c.allowed.end(),
                                           IndexAt(axes_[i].parameter, point[i]));
  });
}

std::vector<bool> ModelSpace::Active(const Point& point) const {
  std::vector<bool> active(axes_.size(), false);
  for (const int i : order_) {
    const auto k = static_cast<size_t>(i);
    active[k] = Hold(axes_[k].conditions, point, active);
  }
  return active;
}

ModelPoint ModelSpace::ToModel(const Point& point) const {
  const std::vector<bool> active = Active(point);
  ModelPoint model(axes_.size(), kNone);
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (!active[i]) continue;
    const Axis& axis = axes_[i];
    if (std::isinf(axis.model.values)) {
      model[i] = Clamp(point[i]);
      continue;
    }
    const int64_t index = IndexAt(axis.parameter, point[i]);
    switch (axis.model.kind) {
      case ModelAxis::Kind::kReal:
        model[i] = Middle(axis, index);
        break;
      case ModelAxis::Kind::kOrdered:
        model[i] = axis.model.places[static_cast<size_t>(index)];
        break;
      case ModelAxis::Kind::kCategorical:
        model[i] = static_cast<double>(index);
        break;
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
        point[i] = std::isinf(axis.model.values) ? Clamp(place)
                                                 : Middle(axis, IndexAt(axis.parameter, place));
        break;
      case ModelAxis::Kind::kOrdered:
        point[i] = Middle(axis, Nearest(axis, place));
        break;
      case ModelAxis::Kind::kCategorical:
        point[i] = Middle(
            axis, static_cast<int64_t>(std::min<double>(place + 0.5, axis.model.categories - 1)));
        break;
    }
  }
  const std::vector<bool> active = Active(point);
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (!active[i]) point[i] = 0.5;
  }
  return point;
}

Point ModelSpace::Canonical(const Point& point) const {
  const std::vector<bool> active = Active(point);
  Point canonical(axes_.size(), 0.5);
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (!active[i]) continue;
    const Axis& axis = axes_[i];
    canonical[i] = std::isinf(axis.model.values)
                       ? CoordinateOf(axis.parameter, ValueAt(axis.parameter, point[i])).value()
                       : Middle(axis, IndexAt(axis.parameter, point[i]));
  }
  return canonical;
}

}  // namespace caviar::search_space
