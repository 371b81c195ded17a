// A pruner on the command line: --pruner asha --grace 3 --eta 4.
#ifndef CAVIAR_CLIENT_COMMANDS_PRUNER_ARGUMENTS_H_
#define CAVIAR_CLIENT_COMMANDS_PRUNER_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "caviar/v1/study.pb.h"
#include "client/commands/options.h"

namespace caviar::commands {

struct PrunerArguments {
  std::string algorithm;  // empty: none was given
  std::string mode;
  std::optional<int64_t> grace;
  std::optional<int32_t> eta;
  std::optional<int32_t> warm_up;
  std::optional<double> p_value;
  std::optional<int64_t> max_step;
};

// Adds the options and returns the first one, --pruner, which the others need.
Option AddPrunerOptions(Command command, PrunerArguments& arguments);

// Words are checked when the command line is parsed; numbers by the coordinator.
v1::Pruner ToPruner(const PrunerArguments& arguments);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_PRUNER_ARGUMENTS_H_
