#include "server/sampling/sobol_sampler.h"

#include <array>
#include <bit>

#include "server/sampling/counter_random.h"

namespace caviar::sampling {
namespace {

constexpr int kBits = 32;

constexpr uint16_t kJoeKuo[] = {
#include "server/sampling/sobol_direction_numbers.inc"
};

// Direction numbers v_1 ... v_32 of every dimension, v_k = m_k * 2^(32 - k).
using Directions = std::array<std::array<uint32_t, kBits>, kSobolDimensions>;

Directions MakeDirections() {
  Directions directions;
  for (int k = 0; k < kBits; ++k) directions[0][k] = uint32_t{1} << (kBits - 1 - k);
  const uint16_t* row = kJoeKuo;
  for (int dimension = 1; dimension < kSobolDimensions; ++dimension) {
    const uint32_t polynomial = row[0];
    const int degree = std::bit_width(polynomial) - 1;
    std::array<uint32_t, kBits>& v = directions[dimension];
    for (int k = 0; k < kBits; ++k) {
      if (k < degree) {
        v[k] = static_cast<uint32_t>(row[1 + k]) << (kBits - 1 - k);
        continue;
      }
      // The recurrence of Joe & Kuo 2008, equation 2.
      v[k] = v[k - degree] ^ (v[k - degree] >> degree);
      for (int i = 1; i < degree; ++i) {
        if ((polynomial >> (degree - i)) & 1) v[k] ^= v[k - i];
      }
    }
    row += 1 + degree;
  }
  return directions;
}

// Nested uniform scrambling (Owen 1995): each binary digit is flipped or not by a random bit of its
// own for every combination of the digits before it. It keeps each prefix of 2^k points a net and
// makes every point uniform. The random bits are drawn by hashing (key, digits before), as in
// Laine & Karras 2011 and Burley 2020, but with a full hash for each digit.
uint32_t Scramble(uint32_t bits, uint64_t key) {
  uint32_t scrambled = 0;
  for (int digit = 0; digit < kBits; ++digit) {
    const int shift = kBits - 1 - digit;
    // A leading 1 tells prefixes of different length apart.
    const uint64_t prefix = (uint64_t{1} << digit) | (uint64_t{bits} >> (shift + 1));
    const uint32_t flip = Mix(key ^ Mix(prefix)) >> 63;
    scrambled |= (((bits >> shift) & 1) ^ flip) << shift;
  }
  return scrambled;
}

}  // namespace

uint32_t SobolBits(uint32_t number, int dimension) {
  static const Directions directions = MakeDirections();
  uint32_t bits = 0;
  for (uint32_t gray = number ^ (number >> 1); gray != 0; gray &= gray - 1) {
    bits ^= directions[dimension][std::countr_zero(gray)];
  }
  return bits;
}

search_space::Point SobolPoint(uint32_t seed, uint32_t number, int dimensions) {
  constexpr uint64_t kScrambling = 0x536f626f6c;  // not the key of another sampler
  search_space::Point point(dimensions);
  for (int axis = 0; axis < dimensions; ++axis) {
    const uint64_t key = RandomBits(seed, kScrambling, axis);
    const uint32_t bits = SobolBits(number, axis);
    // The digits after the 32nd are zero before scrambling, so that they are random after it.
    const uint64_t rest = Mix(key ^ Mix((uint64_t{1} << kBits) | bits)) >> (64 - 21);
    point[axis] = static_cast<double>((uint64_t{Scramble(bits, key)} << 21) | rest) * 0x1p-53;
  }
  return point;
}

std::optional<search_space::Point> SobolSampler::SuggestPoint(
    const search_space::SearchSpace& space, const SamplerInput& input) {
  return points_.At(space, input.seed, static_cast<uint32_t>(input.number));
}

}  // namespace caviar::sampling
