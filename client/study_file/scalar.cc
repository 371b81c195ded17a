#include "client/study_file/scalar.h"

#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace caviar::study_file {
namespace {

bool IsAnyOf(absl::string_view text, std::initializer_list<absl::string_view> words) {
  for (const absl::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

size_t CountDigits(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && absl::ascii_isdigit(text[count])) ++count;
  return count;
}

bool AllIn(absl::string_view text, absl::string_view alphabet) {
  return !text.empty() && text.find_first_not_of(alphabet) == absl::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsFloat(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "-")) absl::ConsumePrefix(&text, "+");
  const size_t whole = CountDigits(text);
  text.remove_prefix(whole);
  if (absl::ConsumePrefix(&text, ".")) {
    const size_t fraction = CountDigits(text);
    if (whole == 0 && fraction == 0) return false;
    text.remove_prefix(fraction);
  } else if (whole == 0) {
    return false;
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!absl::ConsumePrefix(&text, "-")) absl::ConsumePrefix(&text, "+");
    const size_t exponent = CountDigits(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

Scalar Float(double number) {
  Scalar scalar;
  scalar.kind = Scalar::Kind::kFloat;
  scalar.number = number;
  return scalar;
}

// Digits in base 8 or 16.
Scalar Radix(absl::string_view digits, int base) {
  double number = 0;
  for (const char digit : digits) {
    const int value =
        absl::ascii_isdigit(digit) ? digit - '0' : absl::ascii_tolower(digit) - 'a' + 10;
    number = number * base + value;
  }
  Scalar scalar = Float(number);
  if (number < 9.2e18) {
    scalar.kind = Scalar::Kind::kInt;
    scalar.integer = static_cast<int64_t>(number);
  }
  return scalar;
}

}  // namespace

Scalar ResolvePlain(absl::string_view text) {
  Scalar scalar;
  if (IsAnyOf(text, {"", "~", "null", "Null", "NULL"})) {
    scalar.kind = Scalar::Kind::kNull;
    return scalar;
  }
  if (IsAnyOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    scalar.kind = Scalar::Kind::kBool;
    scalar.boolean = absl::ascii_tolower(text[0]) == 't';
    return scalar;
  }
  if (text.substr(0, 2) == "0o" && AllIn(text.substr(2), "01234567")) {
    return Radix(text.substr(2), 8);
  }
  if (text.substr(0, 2) == "0x" && AllIn(text.substr(2), "0123456789abcdefABCDEF")) {
    return Radix(text.substr(2), 16);
  }
  if (IsAnyOf(text, {".nan", ".NaN", ".NAN"})) {
    return Float(std::numeric_limits<double>::quiet_NaN());
  }
  absl::string_view unsigned_text = text;
  const bool negative = absl::ConsumePrefix(&unsigned_text, "-");
  if (!negative) absl::ConsumePrefix(&unsigned_text, "+");
  if (IsAnyOf(unsigned_text, {".inf", ".Inf", ".INF"})) {
    return Float(negative ? -HUGE_VAL : HUGE_VAL);
  }
  if (!IsFloat(text)) return scalar;
  double number = 0;
  if (!absl::SimpleAtod(text, &number)) return scalar;
  scalar = Float(number);
  if (CountDigits(unsigned_text) == unsigned_text.size() &&
      absl::SimpleAtoi(text, &scalar.integer)) {
    scalar.kind = Scalar::Kind::kInt;
  }
  return scalar;
}

Scalar Resolve(const Node& node) {
  if (node.kind == Node::Kind::kNull) return ResolvePlain("");
  if (node.quoted) return Scalar();
  return ResolvePlain(node.text);
}

bool IsScalar(const Node& node) {
  return node.kind == Node::Kind::kScalar && Resolve(node).kind != Scalar::Kind::kNull;
}

std::string Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMapping:
      return "a mapping";
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      break;
  }
  constexpr size_t kShown = 60;
  std::string text = node.text;
  if (text.size() > kShown) {
    size_t end = kShown;
    while ((text[end] & 0xC0) == 0x80) --end;  // not in the middle of a character
    text = text.substr(0, end) + "...";
  }
  for (char& c : text) {
    if (absl::ascii_iscntrl(c)) c = ' ';
  }
  const Scalar::Kind kind = Resolve(node).kind;
  if (kind == Scalar::Kind::kNull) return "nothing";
  return kind == Scalar::Kind::kText ? absl::StrCat("\"", text, "\"") : text;
}

std::string WriteText(const std::string& text) {
  const bool starts_plainly = !text.empty() && (absl::ascii_isalnum(text[0]) || text[0] == '_' ||
                                                text[0] == '/' || text[0] == '.');
  bool plain = starts_plainly && ResolvePlain(text).kind == Scalar::Kind::kText;
  for (const char c : text) {
    plain = plain && (absl::ascii_isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-');
  }
  if (plain) return text;
  // A JSON string is a YAML one.
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  const absl::string_view whole = text;
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", whole, "\" ", what, "; write it like 90s, 30m, 2h30m or 1d"));
  };
  if (text.empty()) return wrong("is no duration");
  absl::Duration sum;
  while (!text.empty()) {
    size_t length = CountDigits(text);
    if (length == 0) return wrong("is no duration");
    if (length < text.size() && text[length] == '.') {
      const size_t fraction = CountDigits(text.substr(length + 1));
      if (fraction == 0) return wrong("is no duration");
      length += 1 + fraction;
    }
    double number = 0;
    if (!absl::SimpleAtod(text.substr(0, length), &number)) return wrong("is no duration");
    text.remove_prefix(length);
    if (absl::ConsumePrefix(&text, "ms")) {
      sum += absl::Milliseconds(number);
    } else if (absl::ConsumePrefix(&text, "s")) {
      sum += absl::Seconds(number);
    } else if (absl::ConsumePrefix(&text, "m")) {
      sum += absl::Minutes(number);
    } else if (absl::ConsumePrefix(&text, "h")) {
      sum += absl::Hours(number);
    } else if (absl::ConsumePrefix(&text, "d")) {
      sum += absl::Hours(number * 24);
    } else {
      return wrong(text.empty() ? "has no unit (s, m, h or d)" : "has an unknown unit");
    }
  }
  // The range of google.protobuf.Duration.
  if (sum > absl::Seconds(315'576'000'000)) return wrong("is longer than 10,000 years");
  return sum;
}

std::string WriteDuration(absl::Duration duration) {
  std::string text;
  const auto take = [&](absl::Duration unit, absl::string_view name) {
    const int64_t count = absl::IDivDuration(duration, unit, &duration);
    if (count > 0) absl::StrAppend(&text, count, name);
  };
  take(absl::Hours(24), "d");
  take(absl::Hours(1), "h");
  take(absl::Minutes(1), "m");
  take(absl::Seconds(1), "s");
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(duration);
  if (nanoseconds > 0) {
    std::string digits = absl::StrCat(1'000'000'000 + nanoseconds).substr(1);
    digits.resize(digits.find_last_not_of('0') + 1);
    absl::StrAppend(&text, "0.", digits, "s");
  }
  return text.empty() ? "0s" : text;
}

}  // namespace caviar::study_file
