#include "server/search_space/linear_constraints.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/linear_constraint_text.h"
#include "caviar/v1/vocabulary.h"
#include "server/search_space/axis.h"
#include "server/search_space/parameter_check.h"

namespace caviar::search_space {
namespace {

// Relative to what is added up: 0.1 + 0.2 keeps <= 0.3.
constexpr double kTolerance = 1e-9;

struct Range {
  double low = 0, high = 0;
};

// The numbers that a parameter may be; nullopt: it is no number.
std::optional<Range> RangeOf(const v1::Parameter& parameter) {
  if (parameter.has_value()) {
    const std::optional<double> number = AsNumber(parameter.value());
    return number ? std::optional(Range{*number, *number}) : std::nullopt;
  }
  if (parameter.type() == v1::Parameter::DOUBLE || parameter.type() == v1::Parameter::INT) {
    return Range{parameter.min(), parameter.max()};
  }
  if (parameter.type() != v1::Parameter::ORDINAL) return std::nullopt;
  std::optional<Range> range;
  for (const v1::Value& value : parameter.values()) {
    const std::optional<double> number = AsNumber(value);
    if (!number) return std::nullopt;
    if (!range) range = Range{*number, *number};
    range = Range{std::min(range->low, *number), std::max(range->high, *number)};
  }
  return range;
}

class Check {
 public:
  Check(const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
        std::vector<v1::FieldViolation>& violations)
      : violations_(violations) {
    for (const v1::Parameter& parameter : parameters) {
      by_name_[parameter.name()] = &parameter;
      names_.push_back(parameter.name());
    }
  }

  void Run(const v1::LinearConstraint& constraint, int index) {
    field_ = absl::StrCat("linear_constraints[", index, "]");
    if (constraint.coefficients().empty()) return Add("is about no parameter");
    const bool bounded = (!constraint.has_min() || std::isfinite(constraint.min())) &&
                         (!constraint.has_max() || std::isfinite(constraint.max())) &&
                         (constraint.has_min() || constraint.has_max());
    if (!bounded) return Add("has no finite bound; write it like a + 2 * b <= 1");
    if (constraint.has_min() && constraint.has_max() && constraint.min() > constraint.max()) {
      return Add(absl::StrCat("has a lower bound, ", FormatNumber(constraint.min()),
                              ", above its upper bound, ", FormatNumber(constraint.max())));
    }
    const std::optional<Range> sum = SumOf(constraint);
    if (!sum) return;
    const double size = std::max(std::abs(sum->low), std::abs(sum->high));
    const std::string text = vocabulary::FormatLinearConstraint(constraint);
    v1::LinearConstraint below = constraint, above = constraint;
    below.clear_min();
    above.clear_max();
    if (!IsWithin(above, sum->high, size)) {
      Add(absl::StrCat("(", text, ") holds nowhere: by the parameters' ranges the sum is at most ",
                       FormatNumber(sum->high)));
    } else if (!IsWithin(below, sum->low, size)) {
      Add(absl::StrCat("(", text, ") holds nowhere: by the parameters' ranges the sum is at least ",
                       FormatNumber(sum->low)));
    }
  }

 private:
  void Add(std::string what) { AddViolation(violations_, field_, std::move(what)); }

  // nullopt, and reported: a term has no numbers.
  std::optional<Range> SumOf(const v1::LinearConstraint& constraint) {
    const std::map<std::string, double> terms(constraint.coefficients().begin(),
                                              constraint.coefficients().end());
    Range sum;
    const size_t before = violations_.size();
    for (const auto& [name, coefficient] : terms) {
      const auto found = by_name_.find(name);
      if (found == by_name_.end()) {
        const std::string nearest = vocabulary::NearestName(name, names_);
        Add(absl::StrCat("names ", vocabulary::Quoted(name), ", which is no parameter of the study",
                         nearest.empty() ? "" : "; did you mean ", nearest,
                         nearest.empty() ? "" : "?"));
      } else if (!std::isfinite(coefficient) || coefficient == 0) {
        Add(absl::StrCat("gives ", name, " the coefficient ", FormatNumber(coefficient),
                         "; it has to be finite and not 0"));
      } else if (const auto range = RangeOf(*found->second); !range) {
        Add(absl::StrCat("names ", name, ", whose values are no numbers"));
      } else {
        const double a = coefficient * range->low, b = coefficient * range->high;
        sum.low += std::min(a, b);
        sum.high += std::max(a, b);
      }
    }
    return violations_.size() == before ? std::optional(sum) : std::nullopt;
  }

  std::vector<v1::FieldViolation>& violations_;
  std::map<std::string, const v1::Parameter*> by_name_;
  std::vector<std::string> names_;
  std::string field_;
};

}  // namespace

bool IsWithin(const v1::LinearConstraint& constraint, double sum, double size) {
  const double slack =
      kTolerance * (size + std::max(std::abs(constraint.min()), std::abs(constraint.max())));
  // Written so that NaN is outside.
  return (!constraint.has_min() || sum >= constraint.min() - slack) &&
         (!constraint.has_max() || sum <= constraint.max() + slack);
}

void CheckLinearConstraints(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints,
    std::vector<v1::FieldViolation>& violations) {
  if (constraints.size() > kMaxLinearConstraints) {
    return AddViolation(
        violations, "linear_constraints",
        absl::StrCat(constraints.size(), " are too many; at most ", kMaxLinearConstraints));
  }
  int terms = 0;
  for (const v1::LinearConstraint& constraint : constraints) {
    terms += static_cast<int>(constraint.coefficients().size());
  }
  if (terms > kMaxLinearTerms) {
    return AddViolation(violations, "linear_constraints",
                        absl::StrCat("name ", terms, " parameters, counted again in each; at most ",
                                     kMaxLinearTerms));
  }
  Check check(parameters, violations);
  for (int i = 0; i < constraints.size(); ++i) check.Run(constraints[i], i);
}

}  // namespace caviar::search_space
