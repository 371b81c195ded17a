#include "client/commands/trial_text.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// " 0.83", or all metrics where the study needs several: " accuracy 0.83, latency 12.5, not
// feasible".
std::string OutcomeOf(const v1::Trial& trial) {
  if (!trial.has_objective()) return "";
  if (trial.outcome().empty()) return absl::StrCat(" ", render::FormatNumber(trial.objective()));
  const std::map<std::string, double> sorted(trial.outcome().begin(), trial.outcome().end());
  std::vector<std::string> parts;
  for (const auto& [metric, value] : sorted) {
    parts.push_back(absl::StrCat(metric, " ", render::FormatNumber(value)));
  }
  if (trial.has_feasible() && !trial.feasible()) parts.push_back("not feasible");
  return absl::StrCat(" ", absl::StrJoin(parts, ", "));
}

}  // namespace

bool IsFinal(v1::Trial::State state) {
  return state == v1::Trial::COMPLETED || state == v1::Trial::PRUNED ||
         state == v1::Trial::FAILED || state == v1::Trial::INFEASIBLE ||
         state == v1::Trial::CANCELLED;
}

int FinalTrials(const v1::TrialCounts& counts) {
  return counts.completed() + counts.pruned() + counts.failed() + counts.infeasible() +
         counts.cancelled();
}

std::string CountsText(const v1::TrialCounts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](int count, const char* name) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", name));
  };
  add(counts.completed(), "completed");
  add(counts.running(), "running");
  add(counts.waiting(), "waiting");
  add(counts.paused(), "paused");
  add(counts.pruned(), "pruned");
  add(counts.failed(), "failed");
  add(counts.infeasible(), "infeasible");
  add(counts.cancelled(), "cancelled");
  return parts.empty() ? "none" : absl::StrJoin(parts, ", ");
}

std::vector<render::Column> WithParameterColumns(std::vector<render::Column> columns,
                                                 const v1::Study& study) {
  for (const v1::Parameter& parameter : study.parameters()) {
    const bool is_number =
        parameter.type() == v1::Parameter::DOUBLE || parameter.type() == v1::Parameter::INT;
    columns.push_back({parameter.name(), is_number});
  }
  return columns;
}

void AppendParameterCells(const v1::Study& study, const v1::Trial& trial,
                          std::vector<render::Cell>& cells) {
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto found = trial.parameters().find(parameter.name());
    cells.emplace_back(found == trial.parameters().end()
                           ? ""
                           : render::FormatValue(found->second, /*is_short=*/true));
  }
}

std::string ObjectiveStepText(const v1::Trial& trial) {
  return trial.has_objective_step() ? absl::StrCat(trial.objective_step()) : "";
}

std::string ParametersText(const v1::Study& study, const v1::Trial& trial) {
  std::vector<std::string> parts;
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto found = trial.parameters().find(parameter.name());
    if (found == trial.parameters().end()) continue;
    parts.push_back(
        absl::StrCat(parameter.name(), "=", render::FormatValue(found->second, /*is_short=*/true)));
  }
  return absl::StrJoin(parts, " ");
}

std::string EndText(const v1::Trial& trial) {
  std::string text = absl::StrCat("trial ", trial.number(), " ",
                                  v1::Trial::State_Name(trial.state()), OutcomeOf(trial));
  if (!trial.message().empty()) {
    absl::StrAppend(&text, ": ", render::Printable(trial.message()));
  }
  return text;
}

std::string OriginText(v1::Trial::Origin origin) {
  switch (origin) {
    case v1::Trial::SAMPLER:
      return "the sampler";
    case v1::Trial::KNOWN:
      return "the study's trials";
    case v1::Trial::DEFAULT:
      return "the parameters' defaults";
    case v1::Trial::ADDED:
      return "added by a person";
    case v1::Trial::STAND_IN:
      return "a Sobol point, as the sampler was not ready";
    case v1::Trial::REPEAT:
      return "a repeat";
    default:
      return "";
  }
}

std::string TestEvaluationText(const v1::Study& study) {
  const v1::TestEvaluation& evaluation = study.test_evaluation();
  const std::string trial = absl::StrCat("trial ", evaluation.trial());
  switch (evaluation.state()) {
    case v1::TestEvaluation::COMPLETED: {
      const std::map<std::string, double> sorted(evaluation.metrics().begin(),
                                                 evaluation.metrics().end());
      return absl::StrCat(absl::StrJoin(sorted, ", ",
                                        [](std::string* out, const auto& metric) {
                                          absl::StrAppend(out, metric.first, " ",
                                                          render::FormatShortNumber(metric.second));
                                        }),
                          " (", trial, ")");
    }
    case v1::TestEvaluation::WAITING:
      return absl::StrCat(trial, " waits for a worker to evaluate it on the test set",
                          evaluation.message().empty() ? "" : "; ", evaluation.message());
    case v1::TestEvaluation::RUNNING:
      return absl::StrCat(trial, " is being evaluated on the test set by ", evaluation.worker());
    case v1::TestEvaluation::FAILED: {
      const std::string text =
          absl::StrCat(trial, " could not be evaluated on the test set: ", evaluation.message());
      if (study.state() != v1::Study::ENDED) return text;
      return absl::StrCat(text, "; once that is mended, 'caviar study update ", study.name(),
                          "' with wider limits lets the study go on, and its next end asks the "
                          "test set again");
    }
    default:
      return "";
  }
}

}  // namespace caviar::commands
