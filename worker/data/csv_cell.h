// Single fields of a CSV file. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_CSV_CELL_H_
#define CAVIAR_WORKER_DATA_CSV_CELL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::data {

// Whether a field says that there is no value: empty, "?", "NA", "N/A", "NaN" or "null", in letters
// of any case.
bool IsMissing(absl::string_view field);

// A decimal number of at most kMaxMagnitude; NaN where the field is missing. INVALID_ARGUMENT says
// what is wrong with it, without its place.
absl::StatusOr<double> ParseNumber(const std::string& field, const std::string& column);

// "[color]" as it stands in a study file.
std::string YamlList(const std::string& column);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_CSV_CELL_H_
