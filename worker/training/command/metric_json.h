// One flat JSON object of numbers.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_METRIC_JSON_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_METRIC_JSON_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::command {

// The object that `text` begins with; nullopt: a value that is no number. NaN, Infinity and
// -Infinity are numbers, bare as Python writes them or in quotes. INVALID_ARGUMENT says what is
// wrong.
absl::StatusOr<std::map<std::string, std::optional<double>>> ParseMetricJson(
    absl::string_view text);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_METRIC_JSON_H_
