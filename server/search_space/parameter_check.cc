#include "server/search_space/parameter_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"
#include "server/search_space/axis.h"
#include "server/search_space/defaults.h"
#include "server/search_space/grid.h"

namespace caviar::search_space {
namespace {

constexpr double kMaxWhole = 9007199254740992;  // 2^53
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxWordBytes = 256;

// Where the numbers of a parameter are wrong, in the order in which its fields are written.
class ParameterCheck {
 public:
  ParameterCheck(const v1::Parameter& parameter, std::vector<v1::FieldViolation>& violations)
      : p_(parameter), violations_(violations) {}

  void Run() {
    if (p_.has_value()) return CheckFixed();
    const size_t before = violations_.size();
    CheckAxis();
    if (p_.has_default_() && violations_.size() == before) CheckDefault();
  }

 private:
  void CheckAxis() {
    CheckGrid();
    switch (p_.type()) {
      case v1::Parameter::DOUBLE:
      case v1::Parameter::INT:
        return CheckNumber();
      case v1::Parameter::BOOL:
        CheckNoRange("a bool");
        if (HasScale()) Add("scale", "has no place in a bool");
        if (p_.values_size() > 0) Add("values", "has no place in a bool: it is false or true");
        return;
      case v1::Parameter::CATEGORICAL:
        CheckNoRange("a categorical");
        if (HasScale()) Add("scale", "has no place in a categorical");
        CheckValues();
        return;
      case v1::Parameter::ORDINAL:
        CheckNoRange("an ordinal");
        if (CheckValues() && HasScale()) CheckScaleOfValues();
        return;
      default:
        Add("type", "is missing or unknown: double, int, bool, categorical or ordinal");
    }
  }

  // Of an axis that is good.
  void CheckDefault() {
    const std::string wrong = CheckValue(p_.default_());
    if (!wrong.empty()) {
      Add("default", wrong);
    } else if (!CoordinateOf(p_, OfItsType(p_, p_.default_()))) {
      Add("default", absl::StrCat(vocabulary::FormatValue(p_.default_()),
                                  " is not a value it can take, which is ", ValuesText(p_)));
    }
  }

  void Add(const char* field, std::string description) {
    AddViolation(violations_, absl::StrCat("parameters.", p_.name(), ".", field),
                 std::move(description));
  }

  void CheckFixed() {
    const std::string wrong = CheckValue(p_.value());
    if (!wrong.empty()) Add("value", wrong);
    const char* reason = "has no place beside value, which fixes the parameter";
    if (p_.type() != v1::Parameter::TYPE_UNSPECIFIED) Add("type", reason);
    if (p_.has_min()) Add("min", reason);
    if (p_.has_max()) Add("max", reason);
    if (HasScale()) Add("scale", reason);
    if (p_.has_step()) Add("step", reason);
    if (p_.has_grid()) Add("grid", reason);
    if (p_.has_default_()) Add("default", reason);
    if (p_.values_size() > 0) Add("values", reason);
  }

  void CheckGrid() {
    if (!p_.has_grid()) return;
    if (p_.type() == v1::Parameter::BOOL || p_.type() == v1::Parameter::CATEGORICAL) {
      Add("grid", "has no place here: a grid takes all values of a bool or categorical");
    } else if (p_.grid() < 1 || p_.grid() > kMaxGrid) {
      Add("grid", absl::StrCat(p_.grid(), " is out of range; from 1 to ", kMaxGrid));
    }
  }

  bool HasScale() const { return p_.scale() != v1::Parameter::SCALE_UNSPECIFIED; }

  void CheckNoRange(const char* what) {
    const std::string reason = absl::StrCat("has no place in ", what);
    if (p_.has_min()) Add("min", reason);
    if (p_.has_max()) Add("max", reason);
    if (p_.has_step()) Add("step", reason);
  }

  // Whether they are good.
  bool CheckValues() {
    const size_t before = violations_.size();
    if (p_.values().empty()) {
      Add("values", "is missing: 1 to 1,000 values");
      return false;
    }
    if (p_.values_size() > kMaxValues) {
      Add("values", absl::StrCat(p_.values_size(), " values are too many; at most ", kMaxValues));
      return false;
    }
    std::set<std::string> keys;
    for (const v1::Value& value : p_.values()) {
      const std::string wrong = CheckValue(value);
      if (!wrong.empty()) {
        Add("values", wrong);
      } else if (!keys.insert(vocabulary::ValueKey(value)).second) {
        Add("values", absl::StrCat(vocabulary::FormatValue(value), " is there twice"));
      }
    }
    return violations_.size() == before;
  }

  // Good values, of an ordinal with a scale: numbers where the scale is, growing or falling.
  void CheckScaleOfValues() {
    if (!v1::Parameter::Scale_IsValid(p_.scale())) {
      return Add("scale", "is unknown: linear, log, one_minus_log or logit");
    }
    const bool above_0 = p_.scale() == v1::Parameter::LOG || p_.scale() == v1::Parameter::LOGIT;
    const bool below_1 =
        p_.scale() == v1::Parameter::ONE_MINUS_LOG || p_.scale() == v1::Parameter::LOGIT;
    std::vector<double> numbers;
    for (const v1::Value& value : p_.values()) {
      const std::optional<double> number = AsNumber(value);
      const std::string text = vocabulary::FormatValue(value);
      if (!number) {
        return Add("scale", absl::StrCat("fits numbers only, and ", text, " is none"));
      }
      if (above_0 && *number <= 0) {
        return Add("values", absl::StrCat(text, " does not fit: on scale ", ScaleName(),
                                          ", values are above 0"));
      }
      if (below_1 && *number >= 1) {
        return Add("values", absl::StrCat(text, " does not fit: on scale ", ScaleName(),
                                          ", values are below 1"));
      }
      numbers.push_back(*number);
    }
    if (!std::is_sorted(numbers.begin(), numbers.end()) &&
        !std::is_sorted(numbers.rbegin(), numbers.rend())) {
      Add("values", "neither grow nor fall; on a scale they do");
    }
  }

  std::string ScaleName() const {
    return absl::AsciiStrToLower(v1::Parameter::Scale_Name(p_.scale()));
  }

  void CheckNumber() {
    if (p_.values_size() > 0) {
      Add("values", "has no place in a number with min and max; an ordinal has values");
    }
    const bool good_min = CheckBound("min", p_.has_min(), p_.min());
    const bool good_max = CheckBound("max", p_.has_max(), p_.max());
    if (!good_min || !good_max) return;
    if (p_.min() == p_.max()) {
      return Add("max", absl::StrCat(FormatNumber(p_.max()),
                                     " is also min; to fix the parameter write value: ",
                                     FormatNumber(p_.max())));
    }
    if (p_.min() > p_.max()) {
      return Add("max",
                 absl::StrCat(FormatNumber(p_.max()), " is below min ", FormatNumber(p_.min())));
    }
    CheckScale();
    if (p_.has_step()) CheckStep();
  }

  bool CheckBound(const char* field, bool given, double bound) {
    if (!given) {
      Add(field, "is missing");
    } else if (!std::isfinite(bound)) {
      Add(field, absl::StrCat(FormatNumber(bound), " is not a finite number"));
    } else if (p_.type() != v1::Parameter::INT) {
      return true;
    } else if (bound != std::floor(bound)) {
      Add(field,
          absl::StrCat(FormatNumber(bound), " is not whole; use whole numbers or type double"));
    } else if (std::abs(bound) > kMaxWhole) {
      Add(field,
          absl::StrCat(FormatNumber(bound), " is too large; whole numbers go from -2^53 to 2^53"));
    } else {
      return true;
    }
    return false;
  }

  void CheckScale() {
    const bool whole = p_.type() == v1::Parameter::INT;
    switch (p_.scale()) {
      case v1::Parameter::SCALE_UNSPECIFIED:
      case v1::Parameter::LINEAR:
        return;
      case v1::Parameter::LOG:
        if (whole && p_.min() < 1) {
          Add("min", absl::StrCat(FormatNumber(p_.min()),
                                  " does not fit: an int on scale log starts at 1 or above"));
        } else if (p_.min() <= 0) {
          Add("min",
              absl::StrCat(FormatNumber(p_.min()), " does not fit: on scale log, min is above 0"));
        }
        return;
      case v1::Parameter::ONE_MINUS_LOG:
      case v1::Parameter::LOGIT:
        break;
      default:
        return Add("scale", "is unknown: linear, log, one_minus_log or logit");
    }
    const bool logit = p_.scale() == v1::Parameter::LOGIT;
    const char* name = logit ? "logit" : "one_minus_log";
    if (whole) return Add("scale", absl::StrCat(name, " does not fit an int: linear or log"));
    if (logit && p_.min() <= 0) {
      Add("min",
          absl::StrCat(FormatNumber(p_.min()), " does not fit: on scale logit, min is above 0"));
    }
    if (p_.max() >= 1) {
      Add("max", absl::StrCat(FormatNumber(p_.max()), " does not fit: on scale ", name,
                              ", max is below 1"));
    }
  }

  void CheckStep() {
    const std::string text = FormatNumber(p_.step());
    if (!(std::isfinite(p_.step()) && p_.step() > 0)) {
      return Add("step", absl::StrCat(text, " is not a number above 0"));
    }
    if (p_.scale() != v1::Parameter::SCALE_UNSPECIFIED && p_.scale() != v1::Parameter::LINEAR) {
      Add("step", "fits scale linear only");
    }
    if (p_.type() == v1::Parameter::INT && p_.step() != std::floor(p_.step())) {
      return Add("step", absl::StrCat(text, " is not whole; use a whole number or type double"));
    }
    // Not above 2^54 for an int from here on.
    const double last = p_.step() > p_.max() - p_.min() ? 0 : LastGridIndex(p_);
    if (last < 1) {
      Add("step", absl::StrCat(text, " is larger than the range from ", FormatNumber(p_.min()),
                               " to ", FormatNumber(p_.max())));
    } else if (!(last <= kMaxWhole)) {
      Add("step", absl::StrCat(text, " is too small for the range from ", FormatNumber(p_.min()),
                               " to ", FormatNumber(p_.max()), "; leave it out"));
    } else if (p_.min() + p_.step() == p_.min() || p_.max() - p_.step() == p_.max()) {
      Add("step", absl::StrCat(text, " is lost in rounding beside ", FormatNumber(p_.min()),
                               " and ", FormatNumber(p_.max()), "; leave it out"));
    }
  }

  const v1::Parameter& p_;
  std::vector<v1::FieldViolation>& violations_;
};

}  // namespace

void AddViolation(std::vector<v1::FieldViolation>& violations, std::string field,
                  std::string description) {
  v1::FieldViolation& violation = violations.emplace_back();
  violation.set_field(std::move(field));
  violation.set_description(std::move(description));
}

void CheckParameter(const v1::Parameter& parameter, std::vector<v1::FieldViolation>& violations) {
  ParameterCheck(parameter, violations).Run();
}

std::string CheckName(const std::string& name) {
  if (name.empty()) return "is missing";
  const std::string shown = vocabulary::Quoted(name);
  if (name.size() > kMaxNameBytes) {
    return absl::StrCat(shown, " is too long; at most ", kMaxNameBytes, " bytes");
  }
  bool good = absl::ascii_isalpha(name[0]) || name[0] == '_';
  for (const char c : name) {
    good = good && (absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-');
  }
  if (good) return "";
  return absl::StrCat(shown,
                      " is not a name: a letter or underscore, then letters, digits, _ . or -");
}

std::string CheckValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      if (std::isfinite(value.double_value())) return "";
      return absl::StrCat(vocabulary::FormatValue(value), " is not a finite number");
    case v1::Value::kIntValue:
      if (value.int_value() >= -static_cast<int64_t>(kMaxWhole) &&
          value.int_value() <= static_cast<int64_t>(kMaxWhole)) {
        return "";
      }
      return absl::StrCat(value.int_value(), " is too large; whole numbers go from -2^53 to 2^53");
    case v1::Value::kBoolValue:
      return "";
    case v1::Value::kStringValue: {
      const std::string& word = value.string_value();
      if (word.empty()) return "a word is empty";
      const std::string shown = vocabulary::Quoted(word);
      if (word.size() > kMaxWordBytes) {
        return absl::StrCat(shown, " is too long; at most ", kMaxWordBytes, " bytes");
      }
      if (!vocabulary::IsUtf8(word)) return absl::StrCat(shown, " is not UTF-8");
      return "";
    }
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "a value is missing";
}

std::string ValuesText(const v1::Parameter& parameter) {
  if (parameter.has_value()) return vocabulary::FormatValue(parameter.value());
  if (parameter.type() == v1::Parameter::BOOL) return "false or true";
  if (parameter.values_size() > 0) {
    constexpr int kShown = 10;
    std::vector<std::string> words;
    for (const v1::Value& value : parameter.values()) {
      if (words.size() == kShown) {
        words.push_back("...");
        break;
      }
      words.push_back(vocabulary::FormatValue(value));
    }
    return absl::StrCat("one of ", absl::StrJoin(words, ", "));
  }
  const std::string step =
      parameter.has_step() ? absl::StrCat(" in steps of ", FormatNumber(parameter.step())) : "";
  return absl::StrCat(parameter.type() == v1::Parameter::INT ? "a whole number" : "a number",
                      " from ", FormatNumber(parameter.min()), " to ",
                      FormatNumber(parameter.max()), step);
}

std::string FormatNumber(double number) {
  v1::Value value;
  value.set_double_value(number);
  return vocabulary::FormatValue(value);
}

}  // namespace caviar::search_space
