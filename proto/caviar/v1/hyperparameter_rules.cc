#include "caviar/v1/hyperparameter_rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::vocabulary {
namespace {

// "in (0, 1]"
std::string RangeText(const v1::Hyperparameter& rules) {
  return absl::StrCat("in ", rules.min_excluded() ? "(" : "[", FormatDouble(rules.min()), ", ",
                      FormatDouble(rules.max()), rules.max_excluded() ? ")" : "]");
}

// "none, balanced or a list such as [512, 256] of whole numbers in [1, 65536]"
std::string WordsText(const v1::Hyperparameter& rules) {
  std::vector<std::string> words = Words(rules.values());
  if (rules.list() != v1::Hyperparameter::NONE) {
    const bool whole = rules.list() == v1::Hyperparameter::WHOLE_NUMBERS;
    words.push_back(absl::StrCat("a list of ", whole ? "whole numbers " : "numbers ",
                                 RangeText(rules),
                                 whole ? ", such as [256, 128]" : ", such as [1, 2.5]"));
  }
  return Alternatives(words);
}

std::string CheckWord(const FieldDescriptor& field, const v1::Value& value) {
  const v1::Hyperparameter& rules = RulesOf(field);
  const std::string unknown = absl::StrCat(
      Quoted(FormatValue(value)), " is not known: ", field.name(), " is ", WordsText(rules));
  if (value.kind_case() != v1::Value::kStringValue) return unknown;
  if (Contains(Words(rules.values()), value.string_value())) return "";
  if (rules.list() == v1::Hyperparameter::NONE) return unknown;
  const auto numbers = ParseList(value.string_value());
  if (!numbers) return unknown;
  for (const double number : *numbers) {
    if (rules.list() == v1::Hyperparameter::WHOLE_NUMBERS && number != std::floor(number)) {
      return absl::StrCat(FormatDouble(number), " is not a whole number: ", field.name(), " is ",
                          WordsText(rules));
    }
    if (std::string wrong = CheckNumber(field, number); !wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

const FieldDescriptor* FindField(const std::string& name) {
  return v1::BatchNormNetworkParameters::descriptor()->FindFieldByName(name);
}

const v1::Hyperparameter& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::hyperparameter);
}

std::string FormatDouble(double value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, result.ptr);
  // 1e-05 and 1e+20 are written 1e-5 and 1e20 by people.
  const size_t e = text.find('e');
  if (e == std::string::npos) return text;
  size_t digits = e + 1;
  const bool negative = text[digits] == '-';
  if (negative || text[digits] == '+') ++digits;
  while (digits + 1 < text.size() && text[digits] == '0') ++digits;
  return absl::StrCat(text.substr(0, e + 1), negative ? "-" : "", text.substr(digits));
}

std::string Alternatives(const std::vector<std::string>& words) {
  if (words.size() < 2) return absl::StrJoin(words, "");
  return absl::StrCat(absl::StrJoin(words.begin(), words.end() - 1, ", "), " or ", words.back());
}

std::vector<std::string> Words(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return {words.begin(), words.end()};
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string UnknownName(const std::string& name) {
  const std::vector<std::string> known = BatchNormNetworkParameterNames();
  const std::string nearest = NearestName(name, known);
  return absl::StrCat(
      "the built-in trainer has no parameter ", Quoted(name), "; ",
      nearest.empty() ? absl::StrCat("it has ", absl::StrJoin(known, ", ")) : "did you mean ",
      nearest, nearest.empty() ? "" : "?");
}

std::string CheckNumber(const FieldDescriptor& field, double value) {
  const v1::Hyperparameter& rules = RulesOf(field);
  // Written so that NaN is refused.
  const bool above = rules.min_excluded() ? value > rules.min() : value >= rules.min();
  const bool below = rules.max_excluded() ? value < rules.max() : value <= rules.max();
  if (above && below) return "";
  return absl::StrCat(FormatDouble(value), " is out of range: ", field.name(), " must be ",
                      RangeText(rules));
}

std::string CheckValue(const FieldDescriptor& field, const v1::Value& value) {
  const v1::Hyperparameter& rules = RulesOf(field);
  const std::string text = FormatValue(value);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return CheckWord(field, value);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (value.kind_case() == v1::Value::kBoolValue) return "";
      return absl::StrCat(Quoted(text), " is not known: ", field.name(), " is true or false");
    case FieldDescriptor::CPPTYPE_INT64:
      if (value.kind_case() != v1::Value::kIntValue) {
        return absl::StrCat(Quoted(text), " is not a whole number: ", field.name(),
                            " must be a whole number ", RangeText(rules));
      }
      return CheckNumber(field, static_cast<double>(value.int_value()));
    default:
      if (value.kind_case() == v1::Value::kIntValue) {
        return CheckNumber(field, static_cast<double>(value.int_value()));
      }
      if (value.kind_case() == v1::Value::kDoubleValue) {
        return CheckNumber(field, value.double_value());
      }
      return absl::StrCat(Quoted(text), " is not a number: ", field.name(), " must be a number ",
                          RangeText(rules));
  }
}

}  // namespace caviar::vocabulary
