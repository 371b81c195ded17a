// What is wrong with the definition of a space.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"
#include "server/search_space/axis.h"
#include "server/search_space/linear_constraints.h"
#include "server/search_space/parameter_check.h"
#include "server/search_space/search_space.h"

namespace caviar::search_space {
namespace {

constexpr int kMaxParameters = 256;
// Nobody reads more at once, and each may cost a search for the nearest name.
constexpr size_t kMaxViolations = 50;

// The conditions of all parameters, which passed their own checks.
class ConditionCheck {
 public:
  ConditionCheck(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
                 std::vector<v1::FieldViolation>& violations)
      : violations_(violations) {
    for (const v1::Parameter& parameter : parameters) {
      by_name_[parameter.name()] = &parameter;
      names_.push_back(parameter.name());
    }
  }

  void Run() {
    for (const std::string& name : names_) CheckConditionsOf(*by_name_[name]);
    for (const std::string& name : names_) FindCircle(name);
  }

 private:
  void Add(const v1::Parameter& parameter, std::string description) {
    AddViolation(violations_, absl::StrCat("parameters.", parameter.name(), ".when"),
                 std::move(description));
  }

  void CheckConditionsOf(const v1::Parameter& parameter) {
    std::set<std::string> named;
    for (const v1::Condition& condition : parameter.when()) {
      if (violations_.size() >= kMaxViolations) return;
      const std::string& parent = condition.parameter();
      if (parent == parameter.name()) {
        Add(parameter, "a parameter cannot depend on itself");
      } else if (by_name_.count(parent) == 0) {
        const std::string nearest = vocabulary::NearestName(parent, names_);
        Add(parameter, absl::StrCat("the study has no parameter ", vocabulary::Quoted(parent),
                                    nearest.empty() ? "" : "; did you mean ", nearest,
                                    nearest.empty() ? "" : "?"));
      } else if (!named.insert(parent).second) {
        Add(parameter, absl::StrCat(parent, " is named twice; give all its values at once"));
      } else {
        CheckValues(parameter, condition, *by_name_[parent]);
      }
    }
  }

  void CheckValues(const v1::Parameter& parameter, const v1::Condition& condition,
                   const v1::Parameter& parent) {
    if (condition.values().empty()) {
      Add(parameter,
          absl::StrCat("no value of ", parent.name(), " is given; at least one is needed"));
    }
    if (condition.values_size() > kMaxValues) {
      Add(parameter, absl::StrCat(condition.values_size(), " values of ", parent.name(),
                                  " are too many; at most ", kMaxValues));
      return;
    }
    if (!parent.has_value() && parent.type() == v1::Parameter::DOUBLE && !parent.has_step()) {
      Add(parameter, absl::StrCat(parent.name(),
                                  " is a real number, which hardly ever has one given "
                                  "value: give it a step, or make it ordinal"));
      return;
    }
    std::set<std::string> keys;
    for (const v1::Value& value : condition.values()) {
      if (violations_.size() >= kMaxViolations) return;
      const std::string wrong = CheckValue(value);
      const std::string text = vocabulary::FormatValue(value);
      if (!wrong.empty()) {
        Add(parameter, wrong);
      } else if (!CanTake(parent, value)) {
        Add(parameter, absl::StrCat(text, " is not a value of ", parent.name(), ", which is ",
                                    ValuesText(parent)));
      } else if (!keys.insert(vocabulary::ValueKey(value)).second) {
        Add(parameter, absl::StrCat(text, " is there twice"));
      }
    }
  }

  bool CanTake(const v1::Parameter& parent, const v1::Value& value) {
    if (parent.values_size() == 0 && !parent.has_value()) {
      return CoordinateOf(parent, value).has_value();
    }
    const auto [keys, first] = keys_.try_emplace(parent.name());
    if (first && parent.has_value()) keys->second.insert(vocabulary::ValueKey(parent.value()));
    if (first) {
      for (const v1::Value& known : parent.values()) {
        keys->second.insert(vocabulary::ValueKey(known));
      }
    }
    return keys->second.count(vocabulary::ValueKey(value)) != 0;
  }

  // Follows the conditions down from `name`. Each circle is reported once, where it closes.
  void FindCircle(const std::string& name) {
    if (done_.count(name) != 0) return;
    path_.push_back(name);
    on_path_.insert(name);
    for (const v1::Condition& condition : by_name_[name]->when()) {
      const std::string& parent = condition.parameter();
      if (parent == name || by_name_.count(parent) == 0) continue;  // reported above
      if (on_path_.count(parent) != 0) {
        const auto start = std::find(path_.begin(), path_.end(), parent);
        Add(*by_name_[name],
            absl::StrCat("the conditions go round in a circle: ",
                         absl::StrJoin(start, path_.end(), " needs "), " needs ", parent));
      } else {
        FindCircle(parent);
      }
    }
    on_path_.erase(name);
    path_.pop_back();
    done_.insert(name);
  }

  std::vector<v1::FieldViolation>& violations_;
  std::map<std::string, const v1::Parameter*> by_name_;
  std::vector<std::string> names_;
  std::map<std::string, std::set<std::string>> keys_;  // of the values of a parameter that has some
  std::set<std::string> done_, on_path_;
  std::vector<std::string> path_;
};

// Names first: all other messages use them.
void CheckNames(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
                std::vector<v1::FieldViolation>& violations) {
  std::set<std::string> names;
  for (int i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name();
    const std::string wrong = CheckName(name);
    if (!wrong.empty()) {
      AddViolation(violations, absl::StrCat("parameters[", i, "].name"), wrong);
    } else if (!names.insert(name).second) {
      AddViolation(violations, absl::StrCat("parameters.", name),
                   absl::StrCat("the name ", name, " is there twice"));
    }
  }
}

}  // namespace

std::vector<v1::FieldViolation> Validate(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& linear_constraints) {
  std::vector<v1::FieldViolation> violations;
  if (parameters.empty()) {
    AddViolation(violations, "parameters", "no parameter is given; at least one is needed");
    return violations;
  }
  if (parameters.size() > kMaxParameters) {
    AddViolation(
        violations, "parameters",
        absl::StrCat(parameters.size(), " parameters are too many; at most ", kMaxParameters));
    return violations;
  }
  CheckNames(parameters, violations);
  if (!violations.empty()) return violations;
  for (const v1::Parameter& parameter : parameters) {
    if (violations.size() < kMaxViolations) CheckParameter(parameter, violations);
  }
  if (!violations.empty()) return violations;
  ConditionCheck(parameters, violations).Run();
  if (violations.empty()) CheckLinearConstraints(parameters, linear_constraints, violations);
  return violations;
}

}  // namespace caviar::search_space
