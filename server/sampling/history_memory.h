// What a sampler computed for the inputs before, and how much of it still holds. Internal to this
// room.
#ifndef CAVIAR_SERVER_SAMPLING_HISTORY_MEMORY_H_
#define CAVIAR_SERVER_SAMPLING_HISTORY_MEMORY_H_

#include <cstddef>
#include <optional>
#include <string>

#include "server/sampling/history.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling {

// Remembers the space, seed and history of the call before.
class HistoryMemory {
 public:
  // How many observations at the beginning of the history are those of the call before; nullopt:
  // the space or the seed is another one, or there was no call. Remembers these inputs.
  std::optional<size_t> Advance(const search_space::SearchSpace& space, uint32_t seed,
                                const History& history);

 private:
  std::optional<std::string> key_;  // space and seed
  History history_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_HISTORY_MEMORY_H_
