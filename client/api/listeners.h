// Who listens on this machine. Used by this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_LISTENERS_H_
#define CAVIAR_CLIENT_API_LISTENERS_H_

#include <cstdint>

namespace caviar::client {

// Whether a user other than this one, or root, listens at this TCP port, on whatever address of
// this machine. False where that cannot be known. Costs some microseconds, however many connections
// the machine has: it may be asked for each call.
bool SomebodyElseListens(uint16_t port);

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_LISTENERS_H_
