// Objectives and constraints, and what trials came to in them, the same in all commands.
#ifndef CAVIAR_CLIENT_COMMANDS_OUTCOME_TEXT_H_
#define CAVIAR_CLIENT_COMMANDS_OUTCOME_TEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "client/render/table.h"

namespace caviar::commands {

// The metrics that say how good a trial is: the objectives', then the constraints'.
std::vector<std::string> ShownMetrics(const v1::Study& study);

// What the trial came to in one of them; nullopt where it is not known.
std::optional<double> MetricOf(const v1::Study& study, const v1::Trial& trial,
                               const std::string& metric);

// "latency <= 10", "0.5 <= recall <= 1"; of all: separated by commas.
std::string ConstraintText(const v1::Constraint& constraint);
std::string ConstraintsText(const v1::Study& study);

// "accuracy", or of several objectives "accuracy, latency".
std::string ObjectiveNames(const v1::Study& study);

// "accuracy 0.9, latency 12.3 > 10": the objectives, and the constraints that are broken.
std::string OutcomeText(const v1::Study& study, const v1::Trial& trial);

// "kept: latency 9 <= 10" or "broken: latency 12.3 > 10; kept: recall 0.6 >= 0.5"; "" where nothing
// is known.
std::string ConstraintsOutcomeText(const v1::Study& study, const v1::Trial& trial);

// A column for each of `metrics`, and the cells below it.
void AppendMetricColumns(const std::vector<std::string>& metrics,
                         std::vector<render::Column>& columns);
void AppendMetricCells(const v1::Study& study, const v1::Trial& trial,
                       const std::vector<std::string>& metrics, std::vector<render::Cell>& cells);

// "yes", "no", or "" where it is not known.
std::string FeasibleText(const v1::Trial& trial);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_OUTCOME_TEXT_H_
