#include "client/render/number.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace caviar::render {

std::string FormatNumber(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  // Whole numbers as such, others as %g would: 0.0001 and 1e-05.
  const bool is_whole = number == std::floor(number) && std::abs(number) < 1e15;
  const auto format = is_whole ? std::chars_format::fixed : std::chars_format::general;
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number, format).ptr;
  return std::string(buffer, end);
}

std::string FormatShortNumber(double number) {
  return std::isfinite(number) ? absl::StrFormat("%.6g", number) : FormatNumber(number);
}

std::string FormatValue(const v1::Value& value, bool is_short) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      return is_short ? FormatShortNumber(value.double_value())
                      : FormatNumber(value.double_value());
    case v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kStringValue:
      return value.string_value();
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "";
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  if (duration == absl::InfiniteDuration()) return "forever";
  if (duration > absl::ZeroDuration() && duration < absl::Milliseconds(9950)) {
    return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(duration));
  }
  const int64_t seconds = absl::ToInt64Seconds(duration + absl::Milliseconds(500));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) return absl::StrFormat("%dm%02ds", seconds / 60, seconds % 60);
  const int64_t minutes = seconds / 60;
  if (minutes < 24 * 60) return absl::StrFormat("%dh%02dm", minutes / 60, minutes % 60);
  return absl::StrFormat("%dd%02dh", minutes / (24 * 60), minutes / 60 % 24);
}

std::string BytesText(int64_t bytes) {
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // What would be printed as 1024.0 is the next unit's 1.0.
  while (amount >= 1023.95 && unit + 1 < std::size(kUnits)) {
    amount /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", amount, kUnits[unit]);
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace caviar::render
