// The machine's clocks and random numbers, as the coordinator takes them.
#ifndef CAVIAR_SERVER_SYSTEM_CLOCK_H_
#define CAVIAR_SERVER_SYSTEM_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/coordinator/clock.h"

namespace caviar {

class SystemClock final : public coordinator::Clock {
 public:
  absl::Duration Steady() override;  // CLOCK_BOOTTIME: since the machine started
  absl::Time Wall() override;
};

// The kernel's generator.
class SystemRandomness final : public coordinator::Randomness {
 public:
  uint64_t Draw() override;
};

}  // namespace caviar

#endif  // CAVIAR_SERVER_SYSTEM_CLOCK_H_
