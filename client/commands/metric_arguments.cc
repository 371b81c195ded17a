#include "client/commands/metric_arguments.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace caviar::commands {

absl::StatusOr<std::map<std::string, double>> ParseMetrics(const std::vector<std::string>& words) {
  std::map<std::string, double> metrics;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", word, "\" is no metric; write NAME=NUMBER, such as accuracy=0.81"));
    }
    double value = 0;
    if (!absl::SimpleAtod(word.substr(equals + 1), &value)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", word.substr(equals + 1), "\" in \"",
                                                     word, "\" is no number; write NAME=NUMBER"));
    }
    if (!metrics.emplace(word.substr(0, equals), value).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the metric ", word.substr(0, equals), " is given twice"));
    }
  }
  return metrics;
}

}  // namespace caviar::commands
