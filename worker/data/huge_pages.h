// Large arrays in large pages. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_HUGE_PAGES_H_
#define CAVIAR_WORKER_DATA_HUGE_PAGES_H_

#include <cstddef>

namespace caviar::data {

// Batches take rows from all over an array; in pages of 4 KiB nearly each of them first has its
// address looked up in memory. Asks for larger ones for [begin, begin + bytes), of which nothing
// was written yet. A wish: where the kernel has none, all goes on as it is.
void AskForHugePages(void* begin, size_t bytes);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_HUGE_PAGES_H_
