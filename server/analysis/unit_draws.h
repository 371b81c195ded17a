// Random numbers that are the same on every machine: those of the standard's distributions are not.
#ifndef CAVIAR_SERVER_ANALYSIS_UNIT_DRAWS_H_
#define CAVIAR_SERVER_ANALYSIS_UNIT_DRAWS_H_

#include <random>

namespace caviar::analysis {

// Uniform in [0, 1), a multiple of 2^-53.
inline double DrawUnit(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_UNIT_DRAWS_H_
