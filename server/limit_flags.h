// The flags of caviar-coordinator that say how much it takes: a group of their own in --help.
#ifndef CAVIAR_SERVER_LIMIT_FLAGS_H_
#define CAVIAR_SERVER_LIMIT_FLAGS_H_

#include "server/api/server_limits.h"
#include "server/coordinator/limits.h"

namespace CLI {
class App;
}

namespace caviar {

void AddLimitFlags(CLI::App& app, server_api::ServerLimits& serving, coordinator::Limits& stored);

}  // namespace caviar

#endif  // CAVIAR_SERVER_LIMIT_FLAGS_H_
