#include "worker/data/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace caviar::data {

void AskForHugePages(void* begin, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t first = (address + page - 1) / page * page;
  const uintptr_t end = (address + bytes) / page * page;
  if (first >= end) return;
  // The result is of no interest: what is asked for is speed.
  (void)madvise(static_cast<char*>(begin) + (first - address), end - first, MADV_HUGEPAGE);
}

}  // namespace caviar::data
