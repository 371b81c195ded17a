// The study's parameters as settings of the built-in trainer.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/hyperparameter_rules.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::vocabulary {
namespace {

// Values by their keys.
using Values = std::map<std::string, v1::Value>;

template <typename Range>
Values MakeValues(const Range& range) {
  Values values;
  for (const v1::Value& value : range) values.emplace(ValueKey(value), value);
  return values;
}

Values Only(const v1::Value& value) { return {{ValueKey(value), value}}; }

v1::Value Word(const std::string& word) {
  v1::Value value;
  value.set_string_value(word);
  return value;
}

Values Intersection(const Values& a, const Values& b) {
  Values common;
  for (const auto& [key, value] : a) {
    if (b.count(key) != 0) common.emplace(key, value);
  }
  return common;
}

// What is known about the other parameters while one of them is active: its own conditions hold,
// and those of the parents that they name, and so on.
class Circumstances {
 public:
  Circumstances(const v1::Study& study, const v1::Parameter& active) {
    for (const v1::Parameter& parameter : study.parameters())
      by_name_[parameter.name()] = &parameter;
    Assume(active);
  }

  // All values that the trainer may read for `name`; `absent` are those that it may take where the
  // study gives none. nullopt: a range of numbers.
  std::optional<Values> PossibleValues(const std::string& name, const Values& absent) {
    const auto it = by_name_.find(name);
    if (it == by_name_.end()) return absent;
    const Activity activity = ActivityOf(*it->second);
    if (activity == Activity::kNever) return absent;
    std::optional<Values> values = ValuesOf(*it->second);
    if (activity == Activity::kSometimes && values) values->insert(absent.begin(), absent.end());
    return values;
  }

 private:
  enum class Activity { kNever, kSometimes, kAlways };  // in this order

  void Assume(const v1::Parameter& active) {
    for (const v1::Condition& condition : active.when()) {
      const Values allowed = MakeValues(condition.values());
      const auto [it, first] = known_.emplace(condition.parameter(), allowed);
      if (!first) it->second = Intersection(it->second, allowed);
      const auto parent = by_name_.find(condition.parameter());
      if (first && parent != by_name_.end()) Assume(*parent->second);
    }
  }

  std::optional<Values> ValuesOf(const v1::Parameter& parameter) const {
    const auto known = known_.find(parameter.name());
    std::optional<Values> own;
    if (parameter.has_value()) {
      own = Only(parameter.value());
    } else if (parameter.values_size() > 0) {
      own = MakeValues(parameter.values());
    } else if (parameter.type() == v1::Parameter::BOOL) {
      std::array<v1::Value, 2> both;
      both[1].set_bool_value(true);
      both[0].set_bool_value(false);
      own = MakeValues(both);
    }
    if (known == known_.end()) return own;
    return own ? Intersection(*own, known->second) : known->second;
  }

  Activity ActivityOf(const v1::Parameter& parameter) {
    if (known_.count(parameter.name()) != 0) return Activity::kAlways;
    // The first answer ends the recursion should the conditions go round in a circle.
    const auto [it, first] = activity_.emplace(parameter.name(), Activity::kSometimes);
    if (!first) return it->second;
    Activity activity = Activity::kAlways;
    for (const v1::Condition& condition : parameter.when()) {
      activity = std::min(activity, HoldingOf(condition));
    }
    return activity_[parameter.name()] = activity;
  }

  Activity HoldingOf(const v1::Condition& condition) {
    const auto parent = by_name_.find(condition.parameter());
    if (parent == by_name_.end()) return Activity::kNever;
    const std::optional<Values> values = ValuesOf(*parent->second);
    Activity holding = Activity::kSometimes;
    if (values) {
      const size_t wanted = Intersection(*values, MakeValues(condition.values())).size();
      if (wanted == 0) return Activity::kNever;
      if (wanted == values->size()) holding = Activity::kAlways;
    }
    return std::min(holding, ActivityOf(*parent->second));
  }

  std::map<std::string, const v1::Parameter*> by_name_;
  std::map<std::string, Values> known_;
  std::map<std::string, Activity> activity_;
};

class StudyCheck {
 public:
  explicit StudyCheck(const v1::Study& study) : study_(study) {}

  std::vector<v1::FieldViolation> Run() && {
    for (const v1::Parameter& parameter : study_.parameters()) {
      const FieldDescriptor* field = FindField(parameter.name());
      if (field == nullptr) {
        Add(absl::StrCat("parameters.", parameter.name()), UnknownName(parameter.name()));
        continue;
      }
      CheckRange(parameter, *field);
      CheckUse(parameter, RulesOf(*field));
    }
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string description) {
    v1::FieldViolation& violation = violations_.emplace_back();
    violation.set_field(std::move(field));
    violation.set_description(std::move(description));
  }
  void AddIfWrong(std::string field, std::string description) {
    if (!description.empty()) Add(std::move(field), std::move(description));
  }

  // Every value that the parameter may take must be one that the trainer takes.
  void CheckRange(const v1::Parameter& parameter, const FieldDescriptor& field) {
    const std::string path = absl::StrCat("parameters.", parameter.name());
    if (parameter.has_value()) {
      AddIfWrong(path + ".value", CheckValue(field, parameter.value()));
      return;
    }
    const bool is_word = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    const bool is_bool = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
    const bool is_whole = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
    switch (parameter.type()) {
      case v1::Parameter::CATEGORICAL:
      case v1::Parameter::ORDINAL:
        for (const v1::Value& value : parameter.values()) {
          AddIfWrong(path + ".values", CheckValue(field, value));
        }
        return;
      case v1::Parameter::DOUBLE:
      case v1::Parameter::INT:
        if (is_bool) {
          Add(path + ".type", absl::StrCat(field.name(), " is true or false: use type bool"));
        } else if (RulesOf(field).list() != v1::Hyperparameter::NONE) {
          Add(path + ".type", absl::StrCat(field.name(),
                                           " is a list: use type categorical with values such as "
                                           "[[256, 128], [512, 256]]"));
        } else if (is_word) {
          Add(path + ".type",
              absl::StrCat(field.name(), " is a word: use type categorical with values among ",
                           absl::StrJoin(RulesOf(field).values(), ", ")));
        } else if (is_whole && parameter.type() == v1::Parameter::DOUBLE) {
          Add(path + ".type",
              absl::StrCat(field.name(), " is a whole number: use type int instead of double"));
        } else {
          AddIfWrong(path + ".min", CheckNumber(field, parameter.min()));
          AddIfWrong(path + ".max", CheckNumber(field, parameter.max()));
        }
        return;
      default:
        if (is_bool) return;
        Add(path + ".type", absl::StrCat("bool does not fit: ", field.name(), " is a ",
                                         is_word ? "word" : "number"));
    }
  }

  // What the trainer may take for a hyperparameter that a configuration lacks: what others of the
  // study imply for it, else its default.
  Values AbsentValues(const FieldDescriptor& field) const {
    Values values;
    bool implied_always = false;
    for (const v1::Parameter& parameter : study_.parameters()) {
      const FieldDescriptor* other = FindField(parameter.name());
      if (other == nullptr || RulesOf(*other).implies().empty()) continue;
      if (RulesOf(*other).used_with() != field.name()) continue;
      values.merge(Only(Word(RulesOf(*other).implies())));
      implied_always = implied_always || parameter.when().empty();
    }
    if (!implied_always) values.merge(Only(Word(RulesOf(field).default_value())));
    return values;
  }

  // A parameter that is searched must be read wherever it is active; a fixed one somewhere.
  void CheckUse(const v1::Parameter& parameter, const v1::Hyperparameter& rules) {
    if (rules.used_with().empty()) return;
    const std::string& other = rules.used_with();
    const FieldDescriptor& other_field = *FindField(other);
    const Values absent =
        rules.implies().empty() ? AbsentValues(other_field) : Only(Word(rules.implies()));

    const std::vector<std::string> fitting = Words(rules.used_with_values());
    std::vector<std::string> fits, misfits;
    const auto possible = Circumstances(study_, parameter).PossibleValues(other, absent);
    if (!possible) return;  // a range of numbers: reported at the other parameter
    for (const auto& [key, value] : *possible) {
      // Values that are not known are reported at the other parameter.
      if (!CheckValue(other_field, value).empty()) continue;
      (Contains(fitting, value.string_value()) ? fits : misfits).push_back(value.string_value());
    }
    if (misfits.empty() || (parameter.has_value() && !fits.empty())) return;
    const std::string path = absl::StrCat("parameters.", parameter.name());
    const std::string rule = absl::StrCat(parameter.name(), " is read only where ", other, " is ",
                                          Alternatives(fitting), ", but ", other);
    if (fits.empty()) {
      const bool given = std::any_of(study_.parameters().begin(), study_.parameters().end(),
                                     [&](const auto& p) { return p.name() == other; });
      Add(path,
          absl::StrCat(
              rule, " is always ", Alternatives(misfits),
              given || absent.count(ValueKey(Word(RulesOf(other_field).default_value()))) == 0
                  ? ""
                  : " (its default)",
              ": remove ", parameter.name(), " or set ", other, " to ", Alternatives(fitting)));
      return;
    }
    const std::string wanted =
        fits.size() == 1 ? fits[0] : absl::StrCat("[", absl::StrJoin(fits, ", "), "]");
    Add(path + ".when", absl::StrCat(rule, " may be ", Alternatives(misfits), ": add when: {",
                                     other, ": ", wanted, "}"));
  }

  const v1::Study& study_;
  std::vector<v1::FieldViolation> violations_;
};

}  // namespace

std::vector<v1::FieldViolation> CheckBatchNormNetworkParameters(const v1::Study& study) {
  return StudyCheck(study).Run();
}

}  // namespace caviar::vocabulary
