#include "server/coordinator/limits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/violations.h"

namespace caviar::coordinator {
namespace {

// What limits.max_trials lets a study have; 0: it does not say.
int64_t TrialsOf(const v1::Study& study) {
  return int64_t{study.limits().max_trials()} * std::max(1, study.repeats());
}

}  // namespace

std::string AtMost(int64_t most, absl::string_view flag) {
  return absl::StrCat("at most ", most, " are taken; the coordinator's ", flag, " says so");
}

std::vector<v1::FieldViolation> FindExcess(const v1::Study& asked, const v1::Study& now,
                                           const Limits& limits) {
  Violations violations;
  const auto check = [&violations](absl::string_view field, const char* what, int64_t count,
                                   int64_t has, int64_t most, absl::string_view flag) {
    if (count <= most || count <= has) return;
    violations.Add(field, absl::StrCat(count, what, " are too many: ", AtMost(most, flag)));
  };
  check("parameters", "", asked.parameters_size(), now.parameters_size(), limits.parameters,
        "--max-parameters");
  check("metrics", "", asked.metrics_size(), now.metrics_size(), limits.metrics, "--max-metrics");
  check("limits.max_trials", asked.repeats() > 1 ? " trials, with repeats," : "", TrialsOf(asked),
        TrialsOf(now), limits.trials, "--max-trials");
  return std::move(violations.all());
}

}  // namespace caviar::coordinator
