// Takes a network home: `caviar best NAME --save-model FILE`.
#ifndef CAVIAR_CLIENT_COMMANDS_SAVE_MODEL_H_
#define CAVIAR_CLIENT_COMMANDS_SAVE_MODEL_H_

#include <optional>
#include <string>

#include "client/commands/session.h"

namespace caviar::commands {

struct SaveModelArguments {
  std::string study;
  // Default: the study's best trial.
  std::optional<int> trial;
  std::string file;
  bool overwrite = false;
};

// Downloads the trial's network as ONNX to the file, which is there as a whole or not at all.
// Returns the exit code.
int SaveModel(const SaveModelArguments& arguments, Session& session);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_SAVE_MODEL_H_
