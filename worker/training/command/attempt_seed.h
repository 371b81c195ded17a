// The seed that a program gets.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_SEED_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_SEED_H_

#include <cstdint>

#include "worker/network/random.h"

namespace caviar::command {

// In [0, 2^31), which every library takes. Of the study's seed and the trial's number only, so that
// all attempts at a trial have the same, and by the generator of the built-in trainer, in a stage
// that no layer is.
inline int64_t AttemptSeed(uint32_t study_seed, int32_t trial) {
  constexpr uint64_t kNoLayer = ~uint64_t{0};
  const network::CounterRandom random(study_seed, static_cast<uint64_t>(trial), kNoLayer,
                                      network::Purpose::kInitialization);
  return static_cast<int64_t>(random.Below(0, uint64_t{1} << 31));
}

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_SEED_H_
