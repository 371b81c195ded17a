#include "worker/data/csv_cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/table.h"

namespace caviar::data {

using vocabulary::Quoted;

bool IsMissing(absl::string_view field) {
  if (field.size() > 4) return false;
  for (const absl::string_view word : {"", "?", "na", "n/a", "nan", "null"}) {
    if (absl::EqualsIgnoreCase(field, word)) return true;
  }
  return false;
}

absl::StatusOr<double> ParseNumber(const std::string& field, const std::string& column) {
  // Decimal only: no hexadecimal, unlike strtod.
  const char* start = field.data() + (field.size() > 1 && field[0] == '+' && field[1] != '-');
  const char* end = field.data() + field.size();
  double value = 0;
  const std::from_chars_result parsed = std::from_chars(start, end, value);
  if (parsed.ec == std::errc::result_out_of_range) {
    (void)absl::SimpleAtod(field, &value);  // infinity, or about 0
  }
  const bool is_number = parsed.ec != std::errc::invalid_argument && parsed.ptr == end;
  // Written so that NaN is none.
  if (is_number && std::abs(value) <= kMaxMagnitude) return value;
  if (IsMissing(field)) return std::numeric_limits<double>::quiet_NaN();
  if (is_number) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(field), " is not a finite number up to ", kMaxMagnitude));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      Quoted(field), " is not a number; write categorical: ", YamlList(column),
      " if the column holds words, or ignore: ", YamlList(column), " to leave it out"));
}

std::string YamlList(const std::string& column) {
  bool plain = absl::ascii_isalpha(column[0]) &&
               std::all_of(column.begin(), column.end(),
                           [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
  for (const absl::string_view word : {"true", "false", "null"}) {
    plain = plain && !absl::EqualsIgnoreCase(column, word);
  }
  return absl::StrCat("[", plain ? column : Quoted(column), "]");
}

}  // namespace caviar::data
