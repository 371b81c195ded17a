#include "server/api/field_checker.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/last_step.h"

namespace caviar::server_api {
namespace {

// A worker has at most 1,024 slots; a repeat may name leases that it is about to drop.
constexpr int kMaxTokens = 2048;

bool IsHex128(absl::string_view id) {
  if (id.size() != 32) return false;
  for (const char c : id) {
    if (!absl::ascii_isdigit(c) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

bool HasOnlyNameCharacters(absl::string_view name) {
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

}  // namespace

std::string Quoted(absl::string_view value) {
  constexpr size_t kShown = 64;
  if (value.size() <= kShown) return absl::StrCat("\"", absl::CHexEscape(value), "\"");
  return absl::StrCat("\"", absl::CHexEscape(value.substr(0, kShown)), "...\" (", value.size(),
                      " bytes)");
}

void FieldChecker::Require(bool holds, absl::string_view field, absl::string_view description) {
  if (holds || violations_.size() >= kMaxViolations) return;
  v1::FieldViolation& violation = violations_.emplace_back();
  violation.set_field(std::string(field));
  violation.set_description(std::string(description));
}

void FieldChecker::Range(absl::string_view field, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return;
  Require(false, field, absl::StrCat("is ", value, "; must be in [", min, ", ", max, "]"));
}

void FieldChecker::Length(absl::string_view field, absl::string_view value, size_t min,
                          size_t max) {
  if (value.size() >= min && value.size() <= max) return;
  Require(false, field, absl::StrCat("has ", value.size(), " bytes; must have ", min, " to ", max));
}

void FieldChecker::Id(const std::string& field, bool present, const v1::RequestId& id) {
  if (!present) {
    Require(false, field, "is required: a client id and a sequence number");
    return;
  }
  if (!IsHex128(id.client_id())) {
    Require(false, field + ".client_id",
            absl::StrCat("is ", Quoted(id.client_id()), "; must be 32 lower-case hex digits"));
  }
  if (id.sequence() < 1) {
    Require(false, field + ".sequence", absl::StrCat("is ", id.sequence(), "; must be at least 1"));
  }
}

void FieldChecker::StudyName(absl::string_view field, absl::string_view name) {
  if (!name.empty() && name.size() <= 63 && absl::ascii_isalnum(name[0]) &&
      HasOnlyNameCharacters(name)) {
    return;
  }
  Require(false, field,
          absl::StrCat("is ", Quoted(name),
                       "; a study's name is a letter or digit, then letters, digits, _, . or -, "
                       "at most 63 in all"));
}

void FieldChecker::MetricName(absl::string_view field, absl::string_view name) {
  if (!name.empty() && name.size() <= 128 && (absl::ascii_isalpha(name[0]) || name[0] == '_') &&
      HasOnlyNameCharacters(name)) {
    return;
  }
  Require(false, field,
          absl::StrCat("has the name ", Quoted(name),
                       "; a metric's name is a letter or _, then letters, digits, _, . or -, at "
                       "most 128 in all"));
}

void FieldChecker::WorkerId(absl::string_view field, absl::string_view id) {
  if (IsHex128(id)) return;
  Require(false, field,
          absl::StrCat("is ", Quoted(id), "; must be the 32 hex digits that RegisterWorker gave"));
}

void FieldChecker::Token(const std::string& field, bool present, const v1::FencingToken& token) {
  if (present && token.epoch() >= 1 && token.counter() >= 1) return;
  Require(false, field,
          present ? absl::StrCat("is (", token.epoch(), ", ", token.counter(),
                                 "); epoch and counter are at least 1")
                  : "is required");
}

void FieldChecker::Tokens(const google::protobuf::RepeatedPtrField<v1::FencingToken>& tokens) {
  if (tokens.size() > kMaxTokens) {
    Require(false, "tokens",
            absl::StrCat("has ", tokens.size(), " entries; at most ", kMaxTokens, " are taken"));
    return;
  }
  for (int i = 0; i < tokens.size(); ++i) {
    Token(absl::StrCat("tokens[", i, "]"), true, tokens[i]);
  }
}

void FieldChecker::Step(absl::string_view field, int64_t step) {
  Range(field, step, 0, vocabulary::kLastStep);
}

void FieldChecker::Metrics(const std::string& field,
                           const google::protobuf::Map<std::string, double>& metrics) {
  Require(!metrics.empty(), field, "is empty; at least one metric is required");
  Require(metrics.size() <= kMaxValues, field,
          absl::StrCat("has ", metrics.size(), " values; at most ", kMaxValues, " are taken"));
  if (metrics.size() > kMaxValues) return;
  for (const auto& [name, value] : metrics) MetricName(field, name);
}

void FieldChecker::Values(const std::string& field,
                          const google::protobuf::Map<std::string, v1::Value>& all) {
  Require(all.size() <= kMaxParameters, field,
          absl::StrCat("has ", all.size(), " values; a study has at most ", kMaxParameters,
                       " parameters"));
  if (all.size() > kMaxParameters) return;
  for (const auto& [name, value] : all) {
    if (name.empty() || name.size() > kMaxNameBytes || !HasOnlyNameCharacters(name)) {
      Require(
          false, field,
          absl::StrCat("names ", Quoted(name),
                       ", which no parameter is called: at most 128 letters, digits, _ . and -"));
      continue;
    }
    const std::string place = absl::StrCat(field, ".", name);
    Require(value.kind_case() != v1::Value::KIND_NOT_SET, place, "has no value");
    if (value.has_string_value()) Length(place, value.string_value(), 1, kMaxWordBytes);
  }
}

void FieldChecker::Measurements(
    const google::protobuf::RepeatedPtrField<v1::Measurement>& measurements) {
  int64_t values = 0;
  for (const v1::Measurement& measurement : measurements) values += measurement.metrics_size();
  if (measurements.size() > kMaxValues || values > kMaxValues) {
    Require(false, "measurements",
            absl::StrCat("hold ", values, " values in ", measurements.size(), " entries; at most ",
                         kMaxValues, " values are taken at once"));
    return;
  }
  for (int i = 0; i < measurements.size(); ++i) {
    const std::string field = absl::StrCat("measurements[", i, "]");
    Step(field + ".step", measurements[i].step());
    Metrics(field + ".metrics", measurements[i].metrics());
  }
}

void FieldChecker::Classes(const std::string& field,
                           const google::protobuf::RepeatedPtrField<v1::ClassResult>& classes) {
  if (classes.size() > kMaxClasses) {
    Require(false, field,
            absl::StrCat("has ", classes.size(), " entries; at most ", kMaxClasses, " are taken"));
    return;
  }
  for (int i = 0; i < classes.size(); ++i) {
    const v1::ClassResult& result = classes[i];
    const std::string one = absl::StrCat(field, "[", i, "]");
    Length(one + ".name", result.name(), 0, kMaxClassNameBytes);
    Share(one + ".precision", result.precision());
    Share(one + ".recall", result.recall());
    Share(one + ".f1", result.f1());
    Counts(one, result, classes.size());
  }
}

void FieldChecker::Share(absl::string_view field, double share) {
  if (share >= 0 && share <= 1) return;  // NaN is not
  Require(false, field, absl::StrCat("is ", share, "; must be in [0, 1]"));
}

void FieldChecker::Counts(const std::string& field, const v1::ClassResult& result, int classes) {
  if (result.predicted_as_size() != classes) {
    Require(false, field + ".predicted_as",
            absl::StrCat("has ", result.predicted_as_size(), " entries; must have one for each of ",
                         "the ", classes, " classes"));
    return;
  }
  int64_t left = result.examples();
  for (int i = 0; i < classes; ++i) {
    const int64_t count = result.predicted_as(i);
    // Subtracted, so that no sum overflows.
    if (count < 0 || count > left) {
      Require(false, absl::StrCat(field, ".predicted_as[", i, "]"),
              absl::StrCat("is ", count, "; must be at least 0, and all together the class's ",
                           result.examples(), " examples"));
      return;
    }
    left -= count;
  }
  Require(left == 0, field + ".examples",
          absl::StrCat("is ", result.examples(), "; predicted_as has ", result.examples() - left));
}

void FieldChecker::Duration(absl::string_view field, const google::protobuf::Duration& duration,
                            absl::Duration min, absl::Duration max) {
  // The type's own bounds first, so that nothing overflows: about 10,000 years, and nanos of the
  // same sign.
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  const int64_t seconds = duration.seconds();
  const int32_t nanos = duration.nanos();
  const bool valid = seconds >= -kMaxSeconds && seconds <= kMaxSeconds && nanos > -1'000'000'000 &&
                     nanos < 1'000'000'000 && !(seconds > 0 && nanos < 0) &&
                     !(seconds < 0 && nanos > 0);
  const absl::Duration value = absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  if (valid && value >= min && value <= max) return;
  Require(false, field,
          absl::StrCat("is ", valid ? absl::FormatDuration(value) : "not a valid duration",
                       "; must be in [", absl::FormatDuration(min), ", ", absl::FormatDuration(max),
                       "]"));
}

void FieldChecker::ArtifactKind(absl::string_view field, v1::Artifact::Kind kind) {
  Require(kind == v1::Artifact::WEIGHTS || kind == v1::Artifact::CHECKPOINT ||
              kind == v1::Artifact::MODEL,
          field,
          absl::StrCat("is ", static_cast<int>(kind),
                       "; must be WEIGHTS (1), CHECKPOINT (2) or MODEL (3)"));
}

absl::Status FieldChecker::Result() && { return error::InvalidFields(std::move(violations_)); }

}  // namespace caviar::server_api
