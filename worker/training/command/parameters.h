// A configuration as programs read it.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PARAMETERS_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PARAMETERS_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::command {

struct Parameter {
  std::string name;
  // As the study file writes it: 64, 0.001, true, adam, [512, 256].
  std::string text;
  // As JSON writes it: 64, 0.001, true, "adam", [512, 256].
  std::string json;
};

// The trial's values, in the study's order; inactive parameters have none.
std::vector<Parameter> ActiveParameters(const v1::Study& study, const v1::Trial& trial);

// One object. Dotted names nest: {"optimizer": {"lr": 0.1}}; one that cannot, because "optimizer"
// has a value too, stays whole.
std::string ToJson(const std::vector<Parameter>& parameters);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PARAMETERS_H_
