#include "client/commands/outcome_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/objectives.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

using render::FormatNumber;
using render::FormatShortNumber;

bool IsKept(const v1::Constraint& constraint, double value) {
  // Written so that NaN keeps none.
  return vocabulary::Excess(constraint, value) <= 0;
}

// "latency 12.3 > 10": the bound that is broken, or the one that it keeps.
std::string Comparison(const v1::Constraint& constraint, double value) {
  const std::string text = absl::StrCat(constraint.metric(), " ", FormatShortNumber(value));
  if (IsKept(constraint, value)) {
    std::vector<std::string> bounds;
    if (constraint.has_min()) bounds.push_back(absl::StrCat(">= ", FormatNumber(constraint.min())));
    if (constraint.has_max()) bounds.push_back(absl::StrCat("<= ", FormatNumber(constraint.max())));
    return absl::StrCat(text, " ", absl::StrJoin(bounds, " and "));
  }
  if (constraint.has_max() && value > constraint.max()) {
    return absl::StrCat(text, " > ", FormatNumber(constraint.max()));
  }
  if (constraint.has_min() && value < constraint.min()) {
    return absl::StrCat(text, " < ", FormatNumber(constraint.min()));
  }
  return absl::StrCat(text, ", which is not finite");
}

std::vector<std::string> Comparisons(const v1::Study& study, const v1::Trial& trial, bool kept) {
  std::vector<std::string> parts;
  for (const v1::Constraint& constraint : study.constraints()) {
    const auto value = MetricOf(study, trial, constraint.metric());
    if (value && IsKept(constraint, *value) == kept)
      parts.push_back(Comparison(constraint, *value));
  }
  return parts;
}

}  // namespace

std::vector<std::string> ShownMetrics(const v1::Study& study) {
  std::vector<std::string> metrics = vocabulary::OutcomeMetrics(study);
  if (metrics.empty()) metrics.push_back(study.objective().metric());
  return metrics;
}

std::optional<double> MetricOf(const v1::Study& study, const v1::Trial& trial,
                               const std::string& metric) {
  const auto found = trial.outcome().find(metric);
  if (found != trial.outcome().end()) return found->second;
  if (trial.has_objective() && metric == vocabulary::FirstObjective(study).metric()) {
    return trial.objective();
  }
  return std::nullopt;
}

std::string ConstraintText(const v1::Constraint& constraint) {
  if (constraint.has_min() && constraint.has_max()) {
    return absl::StrCat(FormatNumber(constraint.min()), " <= ", constraint.metric(),
                        " <= ", FormatNumber(constraint.max()));
  }
  return constraint.has_min()
             ? absl::StrCat(constraint.metric(), " >= ", FormatNumber(constraint.min()))
             : absl::StrCat(constraint.metric(), " <= ", FormatNumber(constraint.max()));
}

std::string ConstraintsText(const v1::Study& study) {
  return absl::StrJoin(study.constraints(), ", ",
                       [](std::string* out, const v1::Constraint& constraint) {
                         absl::StrAppend(out, ConstraintText(constraint));
                       });
}

std::string ObjectiveNames(const v1::Study& study) {
  return absl::StrJoin(vocabulary::ObjectivesOf(study), ", ",
                       [](std::string* out, const v1::Objective& objective) {
                         absl::StrAppend(out, objective.metric());
                       });
}

std::string OutcomeText(const v1::Study& study, const v1::Trial& trial) {
  std::vector<std::string> parts;
  for (const v1::Objective& objective : vocabulary::ObjectivesOf(study)) {
    if (const auto value = MetricOf(study, trial, objective.metric())) {
      parts.push_back(absl::StrCat(objective.metric(), " ", FormatShortNumber(*value)));
    }
  }
  const std::vector<std::string> broken = Comparisons(study, trial, /*kept=*/false);
  parts.insert(parts.end(), broken.begin(), broken.end());
  return absl::StrJoin(parts, ", ");
}

std::string ConstraintsOutcomeText(const v1::Study& study, const v1::Trial& trial) {
  const std::vector<std::string> broken = Comparisons(study, trial, /*kept=*/false);
  const std::vector<std::string> kept = Comparisons(study, trial, /*kept=*/true);
  std::vector<std::string> parts;
  if (!broken.empty()) parts.push_back(absl::StrCat("broken: ", absl::StrJoin(broken, ", ")));
  if (!kept.empty()) parts.push_back(absl::StrCat("kept: ", absl::StrJoin(kept, ", ")));
  return absl::StrJoin(parts, "; ");
}

void AppendMetricColumns(const std::vector<std::string>& metrics,
                         std::vector<render::Column>& columns) {
  for (const std::string& metric : metrics) columns.push_back({metric, true});
}

void AppendMetricCells(const v1::Study& study, const v1::Trial& trial,
                       const std::vector<std::string>& metrics, std::vector<render::Cell>& cells) {
  for (const std::string& metric : metrics) {
    const auto value = MetricOf(study, trial, metric);
    cells.emplace_back(value ? FormatShortNumber(*value) : "");
  }
}

std::string FeasibleText(const v1::Trial& trial) {
  if (!trial.has_feasible()) return "";
  return trial.feasible() ? "yes" : "no";
}

}  // namespace caviar::commands
