// Metrics on the command line: "accuracy=0.81".
#ifndef CAVIAR_CLIENT_COMMANDS_METRIC_ARGUMENTS_H_
#define CAVIAR_CLIENT_COMMANDS_METRIC_ARGUMENTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace caviar::commands {

// Each word is NAME=NUMBER; nan and inf are numbers here. INVALID_ARGUMENT: a word that is not, or
// a name that comes twice.
absl::StatusOr<std::map<std::string, double>> ParseMetrics(const std::vector<std::string>& words);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_METRIC_ARGUMENTS_H_
