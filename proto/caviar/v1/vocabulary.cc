#include "caviar/v1/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/hyperparameter_rules.h"

namespace caviar::vocabulary {
namespace {

void SetField(v1::BatchNormNetworkParameters& parameters, const FieldDescriptor& field,
              const v1::Value& value) {
  const auto* reflection = parameters.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection->SetString(&parameters, &field, value.string_value());
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection->SetInt64(&parameters, &field, value.int_value());
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(&parameters, &field, value.bool_value());
      return;
    default:
      reflection->SetDouble(&parameters, &field,
                            value.kind_case() == v1::Value::kIntValue
                                ? static_cast<double>(value.int_value())
                                : value.double_value());
  }
}

v1::Value DefaultValue(const FieldDescriptor& field) {
  const std::string& text = RulesOf(field).default_value();
  v1::Value value;
  bool ok = true;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    value.set_string_value(text);
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    int64_t number = 0;
    ok = absl::SimpleAtoi(text, &number);
    value.set_int_value(number);
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    bool flag = false;
    ok = absl::SimpleAtob(text, &flag);
    value.set_bool_value(flag);
  } else {
    double number = 0;
    ok = absl::SimpleAtod(text, &number);
    value.set_double_value(number);
  }
  if (!ok) std::abort();  // the .proto itself is wrong; a test reads every default
  return value;
}

// As in Loshchilov & Hutter's code, and in PyTorch.
constexpr double kDefaultAdamwDecay = 0.01;

void SetImplied(v1::BatchNormNetworkParameters& parameters) {
  const auto* reflection = parameters.GetReflection();
  const auto* descriptor = v1::BatchNormNetworkParameters::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    const v1::Hyperparameter& rules = RulesOf(field);
    if (rules.implies().empty() || !reflection->HasField(parameters, &field)) continue;
    const FieldDescriptor& implied = *FindField(rules.used_with());
    if (!reflection->HasField(parameters, &implied)) {
      reflection->SetString(&parameters, &implied, rules.implies());
    }
  }
}

}  // namespace

std::string NearestName(absl::string_view word, const std::vector<std::string>& known) {
  const std::string a = absl::AsciiStrToLower(word);
  const size_t limit = a.size() / 3;
  size_t best_distance = limit + 1;
  std::string best;
  for (const std::string& name : known) {
    const std::string b = absl::AsciiStrToLower(name);
    if (a.size() > b.size() + limit || b.size() > a.size() + limit) continue;
    // Three rows of the table of distances between prefixes of a and b.
    std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      before.swap(last);
      last.swap(row);
      row[0] = i;
      for (size_t j = 1; j <= b.size(); ++j) {
        row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
          row[j] = std::min(row[j], before[j - 2] + 1);
        }
      }
    }
    if (row[b.size()] < best_distance) {
      best_distance = row[b.size()];
      best = name;
    }
  }
  return best;
}

std::vector<std::string> BatchNormNetworkParameterNames() {
  const auto* descriptor = v1::BatchNormNetworkParameters::descriptor();
  std::vector<std::string> names;
  for (int i = 0; i < descriptor->field_count(); ++i) names.push_back(descriptor->field(i)->name());
  return names;
}

std::string FormatValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      return FormatDouble(value.double_value());
    case v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kStringValue:
      return value.string_value();
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "(none)";
}

std::optional<std::vector<double>> ParseList(absl::string_view text) {
  std::vector<double> numbers;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    double number = 0;
    const bool plain = !part.empty() && part.find_first_not_of("0123456789.eE+-") == part.npos;
    if (!plain || !absl::SimpleAtod(part, &number) || !std::isfinite(number)) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    if (i + length > text.size() || (byte(0) >= 0x80 && byte(0) < 0xc2) || byte(0) > 0xf4) {
      return false;
    }
    for (size_t k = 1; k < length; ++k) {
      if ((byte(k) & 0xc0) != 0x80) return false;
    }
    // Forms that are too long, surrogates, and what is above U+10FFFF.
    if ((byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f) ||
        (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 80;
  absl::string_view shown = text.substr(0, kShown);
  // A cut must not split a letter.
  while (shown.size() < text.size() && !shown.empty() &&
         (static_cast<unsigned char>(text[shown.size()]) & 0xc0) == 0x80) {
    shown.remove_suffix(1);
  }
  return absl::StrCat("\"",
                      IsUtf8(shown) ? absl::Utf8SafeCHexEscape(shown) : absl::CHexEscape(shown),
                      shown.size() < text.size() ? "..." : "", "\"");
}

std::string ValueKey(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      return absl::StrCat("number ", FormatDouble(value.double_value() + 0.0));  // -0 is 0
    case v1::Value::kIntValue:
      return absl::StrCat("number ", FormatDouble(static_cast<double>(value.int_value())));
    case v1::Value::kBoolValue:
      return absl::StrCat("bool ", FormatValue(value));
    default:
      return absl::StrCat("word ", value.string_value());
  }
}

absl::StatusOr<v1::BatchNormNetworkParameters> ToBatchNormNetworkParameters(
    const google::protobuf::Map<std::string, v1::Value>& configuration) {
  v1::BatchNormNetworkParameters parameters;
  for (const auto& [name, value] : configuration) {
    const FieldDescriptor* field = FindField(name);
    const std::string path = absl::StrCat("parameters.", name);
    if (field == nullptr) return error::InvalidField(path, UnknownName(name));
    std::string wrong = CheckValue(*field, value);
    if (!wrong.empty()) return error::InvalidField(path, std::move(wrong));
    SetField(parameters, *field, value);
  }
  const auto* descriptor = v1::BatchNormNetworkParameters::descriptor();
  SetImplied(parameters);
  // Of this one alone the default depends on another.
  if (parameters.optimizer() == "adamw" && !parameters.has_weight_decay()) {
    parameters.set_weight_decay(kDefaultAdamwDecay);
  }
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (!parameters.GetReflection()->HasField(parameters, &field)) {
      SetField(parameters, field, DefaultValue(field));
    }
  }
  return parameters;
}

}  // namespace caviar::vocabulary
