// Numbers that differ where a space or a history does: what is kept from call to call belongs to
// them.
#ifndef CAVIAR_SERVER_SAMPLING_GP_FINGERPRINT_H_
#define CAVIAR_SERVER_SAMPLING_GP_FINGERPRINT_H_

#include <bit>
#include <cstdint>

#include "server/sampling/counter_random.h"
#include "server/sampling/history.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling::gp {

inline uint64_t Add(uint64_t fingerprint, uint64_t bits) { return Mix(fingerprint * 3 + bits + 1); }
inline uint64_t Add(uint64_t fingerprint, double number) {
  return Add(fingerprint, std::bit_cast<uint64_t>(number));
}

inline uint64_t Add(uint64_t fingerprint, const Observation& observation) {
  fingerprint = Add(fingerprint, static_cast<uint64_t>(observation.state));
  fingerprint = Add(fingerprint, observation.value);
  for (const double coordinate : observation.point) fingerprint = Add(fingerprint, coordinate);
  for (const double value : observation.more_values) fingerprint = Add(fingerprint, value);
  for (const double excess : observation.excesses) fingerprint = Add(fingerprint, excess);
  if (observation.variance) fingerprint = Add(fingerprint, *observation.variance);
  return fingerprint;
}

inline uint64_t FingerprintOf(const search_space::SearchSpace& space) {
  uint64_t fingerprint = 0;
  for (const v1::Parameter& parameter : space.parameters()) {
    for (const char byte : parameter.SerializeAsString()) {
      fingerprint = Add(fingerprint, static_cast<uint64_t>(static_cast<unsigned char>(byte)));
    }
    fingerprint = Add(fingerprint, uint64_t{256});
  }
  return fingerprint;
}

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_FINGERPRINT_H_
