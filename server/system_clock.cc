#include "server/system_clock.h"

#include <sys/random.h>
#include <time.h>

#include <cstdlib>

#include "absl/time/clock.h"

namespace caviar {

absl::Duration SystemClock::Steady() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

absl::Time SystemClock::Wall() { return absl::Now(); }

uint64_t SystemRandomness::Draw() {
  uint64_t bits = 0;
  // Never short for so few bytes, and fails on no kernel of this decade.
  if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) std::abort();
  return bits;
}

}  // namespace caviar
