#include "server/coordinator/objective_validation.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/objectives.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/names.h"

namespace caviar::coordinator {
namespace {

constexpr size_t kMaxMetricNameBytes = 128;
constexpr int kMinObjectives = 2;
constexpr int kMaxObjectives = 4;
constexpr int kMaxConstraints = 16;

// What the built-in trainer reports: what can be an objective, and all of it.
const std::vector<std::string>& ObjectiveMetrics() {
  static const auto& metrics = *new std::vector<std::string>{
      "validation_accuracy", "validation_loss", "train_accuracy", "train_loss"};
  return metrics;
}
const std::vector<std::string>& AllMetrics() {
  static const auto& metrics = *new std::vector<std::string>{
      "validation_accuracy", "validation_loss", "train_accuracy",    "train_loss",
      "gradient_norm",       "learning_rate",   "samples_per_second"};
  return metrics;
}

// Whether the trainer can report the metric that `field` names; `what` it is to be: "an objective".
bool CheckMetric(const v1::Study& study, const std::string& field, absl::string_view what,
                 const std::vector<std::string>& built_in, const std::string& metric,
                 Violations& violations) {
  const std::string shown = vocabulary::Quoted(metric);
  if (study.trainer().has_batch_norm_network()) {
    if (std::find(built_in.begin(), built_in.end(), metric) != built_in.end()) return true;
    const std::string nearest = vocabulary::NearestName(metric, built_in);
    const std::string start =
        metric.empty()
            ? "is missing: the built-in trainer measures "
            : absl::StrCat(shown, " is not ", what, " that the built-in trainer measures: ");
    violations.Add(
        field, absl::StrCat(start, absl::StrJoin(built_in, ", "),
                            nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
    return false;
  }
  if (metric.empty()) {
    violations.Add(field, "is missing: the name of the metric that your program reports");
  } else if (metric.size() > kMaxMetricNameBytes) {
    violations.Add(field, absl::StrCat(shown, " is ", metric.size(), " bytes long; at most ",
                                       kMaxMetricNameBytes));
  } else if (!IsName(metric, [](char c) { return absl::ascii_isalpha(c) || c == '_'; })) {
    violations.Add(
        field, absl::StrCat(shown,
                            " is not a name: a letter or underscore, then letters, digits, _ . or "
                            "-"));
  } else {
    return true;
  }
  return false;
}

// What one and each of several have in common.
void CheckMetricAndGoal(const v1::Study& study, const std::string& path,
                        const v1::Objective& objective, Violations& violations) {
  const bool good_metric = CheckMetric(study, path + ".metric", "an objective", ObjectiveMetrics(),
                                       objective.metric(), violations);
  const bool maximize = objective.goal() == v1::Objective::MAXIMIZE;
  if (!maximize && objective.goal() != v1::Objective::MINIMIZE) {
    violations.Add(path + ".goal", "is missing or unknown: minimize or maximize");
  } else if (good_metric && study.trainer().has_batch_norm_network()) {
    const bool accuracy = absl::EndsWith(objective.metric(), "_accuracy");
    if (accuracy != maximize) {
      violations.Add(path + ".goal",
                     absl::StrCat(maximize ? "maximize" : "minimize", " does not fit ",
                                  objective.metric(), ", which is better the ",
                                  accuracy ? "higher: maximize" : "lower: minimize"));
    }
  }
}

void CheckOneObjective(const v1::Study& study, Violations& violations) {
  const v1::Objective& objective = study.objective();
  CheckMetricAndGoal(study, "objective", objective, violations);
  if (objective.value() != v1::Objective::VALUE_OF_UNSPECIFIED &&
      objective.value() != v1::Objective::BEST && objective.value() != v1::Objective::LAST) {
    violations.Add("objective.value", "is unknown: best or last");
  }
  if (objective.has_target() && !std::isfinite(objective.target())) {
    violations.Add("objective.target", absl::StrCat(objective.target(), " is not a finite number"));
  }
}

// The trial of several objectives has no one value to compare.
void CheckWhatSeveralExclude(const v1::Study& study, Violations& violations) {
  const v1::Pruner::Algorithm pruner = study.pruner().algorithm();
  if (pruner != v1::Pruner::ALGORITHM_UNSPECIFIED && pruner != v1::Pruner::NONE &&
      v1::Pruner::Algorithm_IsValid(pruner)) {
    violations.Add("pruner.algorithm",
                   absl::StrCat(absl::AsciiStrToLower(v1::Pruner::Algorithm_Name(pruner)),
                                " compares trials by one objective, and this study has several: "
                                "leave the pruner out, or make constraints of all objectives but "
                                "one"));
  }
  if (study.limits().has_no_gain()) {
    violations.Add("limits.no_gain",
                   "needs one best trial, which a study with several objectives does not have: "
                   "max_trials or max_duration");
  }
  const v1::Sampler::Algorithm sampler = study.sampler().algorithm();
  if (sampler == v1::Sampler::COARSE_TO_FINE || sampler == v1::Sampler::CMA_ES) {
    violations.Add("sampler.algorithm",
                   absl::StrCat(absl::AsciiStrToLower(v1::Sampler::Algorithm_Name(sampler)),
                                " goes after one objective, and this study has several: auto, gp, "
                                "tpe, sobol, random or grid"));
  }
}

void CheckSeveralObjectives(const v1::Study& study, Violations& violations) {
  const int count = study.objectives_size();
  if (count < kMinObjectives) {
    violations.Add("objectives", "has only one; write objective: {metric: ..., goal: ...}");
  } else if (count > kMaxObjectives) {
    return violations.Add("objectives",
                          absl::StrCat("has ", count, "; at most ", kMaxObjectives,
                                       ", and constraints for what only has to be good enough"));
  }
  std::set<std::string> metrics;
  for (int i = 0; i < count; ++i) {
    const v1::Objective& objective = study.objectives(i);
    const std::string path = absl::StrCat("objectives[", i, "]");
    CheckMetricAndGoal(study, path, objective, violations);
    if (!objective.metric().empty() && !metrics.insert(objective.metric()).second) {
      violations.Add(path + ".metric", absl::StrCat(vocabulary::Quoted(objective.metric()),
                                                    " is an objective already; each is another "
                                                    "metric"));
    }
    if (objective.value() == v1::Objective::BEST) {
      violations.Add(path + ".value",
                     "best is another step for each of several objectives: last, or leave it out");
    } else if (objective.value() != v1::Objective::VALUE_OF_UNSPECIFIED &&
               objective.value() != v1::Objective::LAST) {
      violations.Add(path + ".value", "is unknown: last");
    }
    if (objective.has_target()) {
      violations.Add(path + ".target",
                     "belongs to a study with one objective; a bound on this metric is a "
                     "constraint");
    }
  }
  CheckWhatSeveralExclude(study, violations);
}

void CheckBounds(const v1::Constraint& constraint, const std::string& path,
                 Violations& violations) {
  if (!constraint.has_min() && !constraint.has_max()) {
    violations.Add(path, "has no bound: min, max or both");
  }
  const auto check = [&](bool has, const char* name, double bound) {
    if (!has || std::isfinite(bound)) return;
    violations.Add(absl::StrCat(path, ".", name), absl::StrCat(bound, " is not a finite number"));
  };
  check(constraint.has_min(), "min", constraint.min());
  check(constraint.has_max(), "max", constraint.max());
  if (constraint.has_min() && constraint.has_max() && constraint.min() > constraint.max()) {
    violations.Add(path + ".min", absl::StrCat(constraint.min(), " is above max, ",
                                               constraint.max(), ": nothing keeps both"));
  }
}

bool MayBePositive(const v1::Parameter& parameter) {
  const auto positive = [](const v1::Value& value) {
    return value.int_value() > 0 || value.double_value() > 0;
  };
  return positive(parameter.value()) || parameter.max() > 0 ||
         std::any_of(parameter.values().begin(), parameter.values().end(), positive);
}

}  // namespace

void CheckObjectives(const v1::Study& study, Violations& violations) {
  if (!vocabulary::HasSeveralObjectives(study)) {
    if (study.has_objective()) return CheckOneObjective(study, violations);
    return violations.Add("objective", "is missing: a metric and a goal; or several objectives");
  }
  if (study.has_objective()) {
    return violations.Add("objectives",
                          "stand beside objective; there is one objective, or a list of them");
  }
  CheckSeveralObjectives(study, violations);
}

void CheckConstraints(const v1::Study& study, Violations& violations) {
  if (study.constraints_size() > kMaxConstraints) {
    return violations.Add("constraints", absl::StrCat("has ", study.constraints_size(),
                                                      "; at most ", kMaxConstraints));
  }
  std::set<std::string> objectives, metrics;
  for (const v1::Objective& objective : vocabulary::ObjectivesOf(study)) {
    objectives.insert(objective.metric());
  }
  for (int i = 0; i < study.constraints_size(); ++i) {
    const v1::Constraint& constraint = study.constraints(i);
    const std::string path = absl::StrCat("constraints[", i, "]");
    const std::string& metric = constraint.metric();
    const bool good =
        CheckMetric(study, path + ".metric", "a metric", AllMetrics(), metric, violations);
    if (good && objectives.contains(metric)) {
      violations.Add(path + ".metric",
                     absl::StrCat(vocabulary::Quoted(metric),
                                  " is an objective, which is not bound as well; leave one of them "
                                  "out"));
    } else if (good && !metrics.insert(metric).second) {
      violations.Add(path + ".metric",
                     absl::StrCat(vocabulary::Quoted(metric),
                                  " has a constraint already; one may have min and max"));
    }
    CheckBounds(constraint, path, violations);
  }
}

void CheckEarlyStopping(const v1::Study& study, Violations& violations) {
  const bool several = vocabulary::HasSeveralObjectives(study);
  if (!several && study.objective().value() != v1::Objective::LAST) return;
  for (const v1::Parameter& parameter : study.parameters()) {
    if (parameter.name() != "early_stopping_patience" || !MayBePositive(parameter)) continue;
    violations.Add("parameters.early_stopping_patience",
                   several ? "early stopping keeps the weights of the best epoch, but several "
                             "objectives are read at the last one: leave it out"
                           : "early stopping keeps the weights of the best epoch, but "
                             "objective.value is last: write objective.value: best");
  }
}

void FillObjectiveDefaults(v1::Study& study) {
  for (v1::Objective& objective : *study.mutable_objectives()) {
    objective.set_value(v1::Objective::LAST);
  }
  if (!vocabulary::HasSeveralObjectives(study) &&
      study.objective().value() == v1::Objective::VALUE_OF_UNSPECIFIED) {
    study.mutable_objective()->set_value(v1::Objective::BEST);
  }
}

}  // namespace caviar::coordinator
