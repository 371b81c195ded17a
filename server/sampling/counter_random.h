// Random numbers that are functions of their place: no state, no order of drawing. Keyed by what
// they are for, so that any of them can be drawn again alone.
#ifndef CAVIAR_SERVER_SAMPLING_COUNTER_RANDOM_H_
#define CAVIAR_SERVER_SAMPLING_COUNTER_RANDOM_H_

#include <cstdint>

namespace caviar::sampling {

// The finalizer of SplitMix64 (Steele, Lea & Flood 2014, with Stafford's variant 13): a bijection
// in which every input bit moves every output bit with probability near 1/2.
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// 64 random bits for the key (a, b, c). Keys that differ give independent bits.
constexpr uint64_t RandomBits(uint64_t a, uint64_t b, uint64_t c) {
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  uint64_t x = Mix(a + kGolden);
  x = Mix((x ^ b) + kGolden);
  return Mix((x ^ c) + kGolden);
}

// Uniform in [0, 1), a multiple of 2^-53.
constexpr double ToUnit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_COUNTER_RANDOM_H_
