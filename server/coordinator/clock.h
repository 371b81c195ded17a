// Time and randomness, injected so that the coordinator's behaviour is a function of its calls.
#ifndef CAVIAR_SERVER_COORDINATOR_CLOCK_H_
#define CAVIAR_SERVER_COORDINATOR_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"

namespace caviar::coordinator {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic, suspended time included, from any start. Decides leases and durations.
  virtual absl::Duration Steady() = 0;
  // The calendar's time: for people, and to bridge a restart. It may jump.
  virtual absl::Time Wall() = 0;
};

// Used by one thread at a time.
class Randomness {
 public:
  virtual ~Randomness() = default;
  virtual uint64_t Draw() = 0;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_CLOCK_H_
