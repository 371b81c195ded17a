#include "server/search_space/search_space.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "server/search_space/axis.h"

namespace caviar::search_space {
namespace {

bool Holds(const v1::Condition& condition, const Configuration& configuration) {
  const auto parent = configuration.find(condition.parameter());
  if (parent == configuration.end()) return false;
  const std::string key = vocabulary::ValueKey(parent->second);
  return std::any_of(condition.values().begin(), condition.values().end(),
                     [&](const v1::Value& value) { return vocabulary::ValueKey(value) == key; });
}

// Whether the parameter is active where the configuration has all its parents that are.
bool IsActive(const v1::Parameter& parameter, const Configuration& configuration) {
  return std::all_of(parameter.when().begin(), parameter.when().end(),
                     [&](const auto& condition) { return Holds(condition, configuration); });
}

std::string PathOf(const std::string& name) { return absl::StrCat("parameters.", name); }

// Indices of the parameters, every parent before its children and else in the study's order.
std::vector<int> ParentsFirst(const std::vector<v1::Parameter>& parameters) {
  std::vector<int> order;
  std::set<std::string> placed;
  while (order.size() < parameters.size()) {
    const size_t before = order.size();
    for (size_t i = 0; i < parameters.size(); ++i) {
      const v1::Parameter& parameter = parameters[i];
      if (placed.count(parameter.name()) != 0) continue;
      if (std::all_of(parameter.when().begin(), parameter.when().end(), [&](const auto& condition) {
            return placed.count(condition.parameter()) != 0;
          })) {
        placed.insert(parameter.name());
        order.push_back(static_cast<int>(i));
      }
    }
    if (order.size() == before) std::abort();  // validation found no circle
  }
  return order;
}

}  // namespace

absl::StatusOr<SearchSpace> SearchSpace::Create(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& linear_constraints) {
  std::vector<v1::FieldViolation> violations = Validate(parameters, linear_constraints);
  if (!violations.empty()) return error::InvalidFields(std::move(violations));
  SearchSpace space;
  space.parameters_.assign(parameters.begin(), parameters.end());
  space.linear_constraints_ = linear_constraints;
  for (size_t i = 0; i < space.parameters_.size(); ++i) {
    if (!space.parameters_[i].has_value()) space.axes_.push_back(static_cast<int>(i));
  }
  space.order_ = ParentsFirst(space.parameters_);
  space.model_ = ModelSpace(space.parameters_, linear_constraints);
  return space;
}

int SearchSpace::dimensions() const { return static_cast<int>(axes_.size()); }

const std::vector<v1::Parameter>& SearchSpace::parameters() const { return parameters_; }

const v1::Parameter& SearchSpace::axis(int axis) const { return parameters_[axes_[axis]]; }

Configuration SearchSpace::ToConfiguration(const Point& point) const {
  if (point.size() != axes_.size()) {
    std::fprintf(stderr, "a point has %zu coordinates, its space %zu axes\n", point.size(),
                 axes_.size());
    std::abort();
  }
  std::vector<double> coordinates(parameters_.size());
  for (size_t axis = 0; axis < axes_.size(); ++axis) coordinates[axes_[axis]] = point[axis];
  Configuration configuration;
  for (const int index : order_) {
    const v1::Parameter& parameter = parameters_[index];
    if (!IsActive(parameter, configuration)) continue;
    configuration.emplace(parameter.name(), parameter.has_value()
                                                ? parameter.value()
                                                : ValueAt(parameter, coordinates[index]));
  }
  return configuration;
}

absl::StatusOr<Point> SearchSpace::ToPoint(const Configuration& configuration) const {
  std::vector<double> coordinates(parameters_.size(), 0.5);
  size_t found = 0;
  for (const int index : order_) {
    const v1::Parameter& parameter = parameters_[index];
    const auto it = configuration.find(parameter.name());
    const bool active = IsActive(parameter, configuration);
    if (it == configuration.end()) {
      if (active) return error::InvalidField(PathOf(parameter.name()), "is missing");
      continue;
    }
    ++found;
    const std::string text = vocabulary::FormatValue(it->second);
    if (!active) {
      return error::InvalidField(
          PathOf(parameter.name()),
          absl::StrCat("is not active in this configuration, but has the value ", text));
    }
    if (parameter.has_value()) {
      if (vocabulary::ValueKey(parameter.value()) == vocabulary::ValueKey(it->second)) continue;
      return error::InvalidField(PathOf(parameter.name()),
                                 absl::StrCat(text, " is not its fixed value ",
                                              vocabulary::FormatValue(parameter.value())));
    }
    const std::optional<double> coordinate = CoordinateOf(parameter, it->second);
    if (!coordinate) {
      return error::InvalidField(PathOf(parameter.name()),
                                 absl::StrCat(text, " is not a value it can take"));
    }
    coordinates[index] = *coordinate;
  }
  if (found < configuration.size()) {
    std::set<std::string> known;
    for (const v1::Parameter& parameter : parameters_) known.insert(parameter.name());
    for (const auto& [name, value] : configuration) {
      if (known.count(name) == 0) {
        return error::InvalidField(PathOf(name), "the study has no parameter of this name");
      }
    }
  }
  Point point;
  for (const int index : axes_) point.push_back(coordinates[index]);
  return point;
}

}  // namespace caviar::search_space
