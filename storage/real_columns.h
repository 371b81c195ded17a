// A double as two columns: `value`, NULL where it is not finite, and `not_finite`, NULL elsewhere.
#ifndef CAVIAR_STORAGE_REAL_COLUMNS_H_
#define CAVIAR_STORAGE_REAL_COLUMNS_H_

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/statement.h"

namespace caviar::storage {

inline std::optional<double> FiniteOrNull(double value) {
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

inline std::optional<absl::string_view> NotFiniteOrNull(double value) {
  if (std::isfinite(value)) return std::nullopt;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

// The double in columns `column` (value) and `column` + 1 (not_finite).
inline double ReadReal(const Query& query, int column) {
  if (!query.IsNull(column)) return query.Real(column);
  const std::string word = query.Text(column + 1);
  if (word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_REAL_COLUMNS_H_
