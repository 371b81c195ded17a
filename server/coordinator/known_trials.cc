#include "server/coordinator/known_trials.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::coordinator {
namespace {

constexpr int kMaxKnownTrials = 100;

// Adds the fixed parameters that are active, each after those that its conditions name.
class FixedValues {
 public:
  FixedValues(const v1::Study& study, search_space::Configuration& configuration)
      : configuration_(configuration) {
    for (const v1::Parameter& parameter : study.parameters()) {
      if (parameter.has_value()) open_[parameter.name()] = &parameter;
    }
  }

  void Add() {
    while (!open_.empty()) Add(open_.begin()->first);
  }

 private:
  // A valid space has no circles.
  void Add(const std::string& name) {
    const auto found = open_.find(name);
    if (found == open_.end()) return;
    const v1::Parameter& parameter = *found->second;
    open_.erase(found);
    for (const v1::Condition& condition : parameter.when()) Add(condition.parameter());
    if (IsActive(parameter, configuration_)) {
      configuration_.emplace(parameter.name(), parameter.value());
    }
  }

  search_space::Configuration& configuration_;
  std::map<std::string, const v1::Parameter*> open_;
};

// 1 of a double is 1.0, and 64.0 of an int is 64: a study file does not tell.
v1::Value OfItsType(const v1::Parameter& parameter, const v1::Value& given) {
  v1::Value value = given;
  if (parameter.type() == v1::Parameter::DOUBLE && given.kind_case() == v1::Value::kIntValue) {
    value.set_double_value(static_cast<double>(given.int_value()));
  } else if (parameter.type() == v1::Parameter::INT &&
             given.kind_case() == v1::Value::kDoubleValue &&
             given.double_value() == std::floor(given.double_value()) &&
             std::abs(given.double_value()) <= 0x1p53) {
    value.set_int_value(static_cast<int64_t>(given.double_value()));
  }
  return value;
}

}  // namespace

// Each condition is looked at once, so that long ones cost what they are long.
bool IsActive(const v1::Parameter& parameter, const search_space::Configuration& configuration) {
  return std::all_of(parameter.when().begin(), parameter.when().end(), [&](const auto& condition) {
    const auto parent = configuration.find(condition.parameter());
    if (parent == configuration.end()) return false;
    const std::string key = vocabulary::ValueKey(parent->second);
    return std::any_of(condition.values().begin(), condition.values().end(),
                       [&](const v1::Value& value) { return vocabulary::ValueKey(value) == key; });
  });
}

search_space::Configuration ToConfiguration(const v1::Study& study, const v1::KnownTrial& trial) {
  search_space::Configuration configuration(trial.parameters().begin(), trial.parameters().end());
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto given = configuration.find(parameter.name());
    if (given != configuration.end()) given->second = OfItsType(parameter, given->second);
  }
  FixedValues(study, configuration).Add();
  return configuration;
}

void CheckKnownTrials(const v1::Study& study, Violations& violations) {
  if (study.trials_size() > kMaxKnownTrials) {
    return violations.Add(
        "trials", absl::StrCat(study.trials_size(), " are too many; at most ", kMaxKnownTrials));
  }
  const auto space = search_space::SearchSpace::Create(study.parameters());
  if (!space.ok()) return;
  for (int i = 0; i < study.trials_size(); ++i) {
    const absl::Status status = space->ToPoint(ToConfiguration(study, study.trials(i))).status();
    const auto detail = error::Detail(status);
    if (!detail) continue;
    for (const v1::FieldViolation& wrong : detail->field_violations()) {
      violations.Add(
          absl::StrCat("trials[", i, "]", absl::StripPrefix(wrong.field(), "parameters")),
          wrong.description());
    }
  }
}

}  // namespace caviar::coordinator
