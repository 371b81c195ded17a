// Trials in tables and lines, the same in all commands.
#ifndef CAVIAR_CLIENT_COMMANDS_TRIAL_TEXT_H_
#define CAVIAR_CLIENT_COMMANDS_TRIAL_TEXT_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "client/render/table.h"

namespace caviar::commands {

// Whether a trial stays in this state.
bool IsFinal(v1::Trial::State state);

// Of all states of a trial that are final.
int FinalTrials(const v1::TrialCounts& counts);

// "14 completed, 1 failed": the states that have trials; "none" without any.
std::string CountsText(const v1::TrialCounts& counts);

// A column a parameter, in the study's order, behind `columns`.
std::vector<render::Column> WithParameterColumns(std::vector<render::Column> columns,
                                                 const v1::Study& study);
void AppendParameterCells(const v1::Study& study, const v1::Trial& trial,
                          std::vector<render::Cell>& cells);

// "7", or "" where there is none.
std::string ObjectiveStepText(const v1::Trial& trial);

// "learning_rate=0.01 optimizer=adam", in the study's order.
std::string ParametersText(const v1::Study& study, const v1::Trial& trial);

// "trial 5 COMPLETED 0.91", with its message behind it: what became of one trial, in a line.
std::string EndText(const v1::Trial& trial);

// Where its configuration comes from: "the sampler".
std::string OriginText(v1::Trial::Origin origin);

// "test_accuracy 0.8812 (trial 3)", what is outstanding, or why there is none; "" where the study
// has no evaluation.
std::string TestEvaluationText(const v1::Study& study);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TRIAL_TEXT_H_
