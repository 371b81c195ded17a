#include "client/study_file/byte_size.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace caviar::study_file {
namespace {

struct Unit {
  absl::string_view name;
  int64_t bytes;
};

// Those with more bytes first.
constexpr Unit kUnits[] = {
    {"TiB", int64_t{1} << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", int64_t{1} << 30},
    {"GB", 1'000'000'000},
    {"MiB", int64_t{1} << 20},
    {"MB", 1'000'000},
    {"KiB", int64_t{1} << 10},
    {"KB", 1'000},
    {"B", 1},
};
// Beyond, a double (and so JSON) no longer holds every whole number.
constexpr double kMost = 0x1p53;

}  // namespace

absl::StatusOr<int64_t> ParseByteSize(absl::string_view text) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text.substr(0, 60), "\" ", what,
                                                   "; write it like 2GiB, 512MB or 1048576"));
  };
  const size_t end = text.find_first_not_of("0123456789.");
  const absl::string_view digits = text.substr(0, end);
  absl::string_view unit = end == absl::string_view::npos ? absl::string_view() : text.substr(end);
  absl::ConsumePrefix(&unit, " ");
  double number = 0;
  if (digits.empty() || digits.front() == '.' || digits.back() == '.' ||
      !absl::SimpleAtod(digits, &number)) {
    return wrong("is no size");
  }
  int64_t factor = unit.empty() ? 1 : 0;
  for (const Unit& known : kUnits) {
    if (known.name == unit) factor = known.bytes;
  }
  if (factor == 0) return wrong("has an unknown unit");
  const double bytes = std::round(number * static_cast<double>(factor));
  if (bytes > kMost) return wrong("is more than 8PiB");
  return static_cast<int64_t>(bytes);
}

std::string WriteByteSize(int64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (unit.bytes > 1 && bytes != 0 && bytes % unit.bytes == 0) {
      return absl::StrCat(bytes / unit.bytes, unit.name);
    }
  }
  return absl::StrCat(bytes);
}

}  // namespace caviar::study_file
