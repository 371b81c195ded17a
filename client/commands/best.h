// A study's best trials as a table, the same in all commands.
#ifndef CAVIAR_CLIENT_COMMANDS_BEST_H_
#define CAVIAR_CLIENT_COMMANDS_BEST_H_

#include <optional>
#include <string>

#include "client/commands/session.h"

namespace caviar::commands {

// Prints the best `count` trials (default: 5, of a Pareto front 20), best first, or says why there
// is none. Returns the exit code.
int PrintBest(const std::string& name, std::optional<int> count, Session& session);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_BEST_H_
