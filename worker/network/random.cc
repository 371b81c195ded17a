#include "worker/network/random.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <utility>

namespace caviar::network {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

// SplitMix64's output function: a bijection in which each bit depends on all.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

CounterRandom::CounterRandom(uint64_t seed, uint64_t trial, uint64_t stage, Purpose purpose)
    : start_(0) {
  for (const uint64_t part : {seed, trial, stage, static_cast<uint64_t>(purpose)}) {
    start_ = Mix(start_ + kGolden + part) + kGolden;
  }
  start_ = Mix(start_);
}

uint64_t CounterRandom::Bits(uint64_t counter) const {
  return Mix(start_ + (counter + 1) * kGolden);
}

uint64_t CounterRandom::Below(uint64_t counter, uint64_t bound) const {
  // The high half of bits * bound, from two products of 32 bits each.
  const uint64_t bits = Bits(counter);
  const uint64_t low = (bits & 0xffffffff) * bound;
  return ((bits >> 32) * bound + (low >> 32)) >> 32;
}

double CounterRandom::Normal(uint64_t counter) const {
  constexpr double kUnit = 0x1p-53;
  // In (0, 1]: the logarithm is finite.
  const double u = static_cast<double>((Bits(2 * counter) >> 11) + 1) * kUnit;
  const double v = static_cast<double>(Bits(2 * counter + 1) >> 11) * kUnit;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

void Permute(const CounterRandom& random, std::vector<int32_t>& permutation) {
  std::iota(permutation.begin(), permutation.end(), 0);
  for (size_t i = permutation.size(); i > 1; --i) {
    std::swap(permutation[i - 1], permutation[random.Below(i, i)]);
  }
}

}  // namespace caviar::network
