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
#include "server/search_space/parameter_check.h"

namespace caviar::search_space {
namespace {

bool Holds(const v1::Condition& condition, const Configuration& configuration) {
  const auto parent = configuration.find(condition.parameter());
  if (parent == configuration.end()) return false;
  const std::string key = vocabulary::ValueKey(parent->second);
  return std::any_of(condition.values().begin(), condition.values().end(),
                     [&](const v1::Value& value) { return vocabulary::ValueKey(value) == key; });
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

// The axes of a configuration that a person may have written.
class Reading {
 public:
  explicit Reading(const Configuration& configuration) : configuration_(configuration) {}

  // The parameter's coordinate, 0.5 where it is inactive or wrong. Parents come first.
  double CoordinateOfNext(const v1::Parameter& parameter) {
    const auto given = configuration_.find(parameter.name());
    if (given != configuration_.end()) ++found_;
    if (DependsOnWrong(parameter)) return 0.5;
    const bool active = IsActive(parameter, configuration_);
    if (given == configuration_.end()) {
      if (active) Refuse(parameter.name(), "is missing");
      return 0.5;
    }
    const std::string text = vocabulary::FormatValue(given->second);
    if (!active) {
      Refuse(parameter.name(),
             absl::StrCat("is not active in this configuration, but has the value ", text));
      return 0.5;
    }
    if (parameter.has_value()) {
      if (vocabulary::ValueKey(parameter.value()) != vocabulary::ValueKey(given->second)) {
        Refuse(parameter.name(), absl::StrCat(text, " is not its fixed value ",
                                              vocabulary::FormatValue(parameter.value())));
      }
      return 0.5;
    }
    const std::optional<double> coordinate = CoordinateOf(parameter, given->second);
    if (!coordinate) {
      Refuse(parameter.name(),
             absl::StrCat(text, " is not a value it can take, which is ", ValuesText(parameter)));
    }
    return coordinate.value_or(0.5);
  }

  // After all parameters of the study, which are these.
  absl::Status Result(const std::vector<v1::Parameter>& parameters) && {
    if (found_ < configuration_.size()) {
      std::set<std::string> known;
      for (const v1::Parameter& parameter : parameters) known.insert(parameter.name());
      for (const auto& [name, value] : configuration_) {
        if (!known.contains(name)) Refuse(name, "the study has no parameter of this name");
      }
    }
    return violations_.empty() ? absl::OkStatus() : error::InvalidFields(std::move(violations_));
  }

 private:
  void Refuse(const std::string& name, std::string description) {
    wrong_.insert(name);
    if (violations_.size() < kMaxViolations) {
      AddViolation(violations_, PathOf(name), std::move(description));
    }
  }

  bool DependsOnWrong(const v1::Parameter& parameter) {
    const bool depends =
        !wrong_.empty() &&
        std::any_of(parameter.when().begin(), parameter.when().end(),
                    [&](const auto& condition) { return wrong_.contains(condition.parameter()); });
    if (depends) wrong_.insert(parameter.name());
    return depends;
  }

  // An answer's metadata has to stay small.
  static constexpr size_t kMaxViolations = 20;

  const Configuration& configuration_;
  size_t found_ = 0;
  std::set<std::string> wrong_;
  std::vector<v1::FieldViolation> violations_;
};

}  // namespace

bool IsActive(const v1::Parameter& parameter, const Configuration& configuration) {
  return std::all_of(parameter.when().begin(), parameter.when().end(),
                     [&](const auto& condition) { return Holds(condition, configuration); });
}

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
  Reading reading(configuration);
  for (const int index : order_) coordinates[index] = reading.CoordinateOfNext(parameters_[index]);
  if (const absl::Status status = std::move(reading).Result(parameters_); !status.ok())
    return status;
  Point point;
  for (const int index : axes_) point.push_back(coordinates[index]);
  return point;
}

}  // namespace caviar::search_space
