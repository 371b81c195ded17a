// The factories of the computing code, one for each instruction set level that it is built for.
//
// level.cc is compiled once per level. Its templates would have the same names at every level, and
// the linker would keep any one of them for all; so the build makes every symbol of a level local
// but its factory (CMakeLists.txt).
#ifndef CAVIAR_WORKER_NETWORK_LEVEL_H_
#define CAVIAR_WORKER_NETWORK_LEVEL_H_

#include "worker/network/architecture.h"
#include "worker/network/network_interface.h"

// The caller owns what comes back. `layout` is MakeLayout(architecture): passed in, because code
// outside of this file belongs to no level.
extern "C" {
caviar::network::Network* caviar_network_baseline(const caviar::network::Architecture& architecture,
                                                  const caviar::network::UpdateRule& rule,
                                                  const caviar::network::Layout& layout,
                                                  int capacity);
caviar::network::Network* caviar_network_v3(const caviar::network::Architecture& architecture,
                                            const caviar::network::UpdateRule& rule,
                                            const caviar::network::Layout& layout, int capacity);
caviar::network::Network* caviar_network_v4(const caviar::network::Architecture& architecture,
                                            const caviar::network::UpdateRule& rule,
                                            const caviar::network::Layout& layout, int capacity);
}

#endif  // CAVIAR_WORKER_NETWORK_LEVEL_H_
