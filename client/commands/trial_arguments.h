// A trial on the command line: "learning_rate=0.01 units=64 accuracy=0.91".
#ifndef CAVIAR_CLIENT_COMMANDS_TRIAL_ARGUMENTS_H_
#define CAVIAR_CLIENT_COMMANDS_TRIAL_ARGUMENTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"

namespace caviar::commands {

struct TrialArguments {
  std::map<std::string, v1::Value> parameters;
  std::map<std::string, double> metrics;
};

// Each word is NAME=VALUE: of a parameter where the study has one of this name, else of a metric
// that is an objective or a constraint of the study. Values of parameters are written as in a study
// file, lists of numbers included; whether a parameter can take them is the coordinator's to say.
// INVALID_ARGUMENT: a word that is not such, a name that the study does not know, or that comes
// twice.
absl::StatusOr<TrialArguments> ParseTrial(const v1::Study& study,
                                          const std::vector<std::string>& words);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TRIAL_ARGUMENTS_H_
