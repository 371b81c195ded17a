#include "worker/network/random.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

// Uniform in (0, 1), never 0 or 1.
double ToUniform(uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

// Acklam's rational approximations: one for the middle of the distribution, one for its tails.
constexpr double kTail = 0.02425;

bool IsCentral(double p) { return p >= kTail && p <= 1 - kTail; }

double Central(double p) {
  const double q = p - 0.5;
  const double r = q * q;
  const double above =
      ((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
        1.383577518672690e+02) *
           r -
       3.066479806614716e+01) *
          r +
      2.506628277459239e+00;
  const double below =
      ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
        6.680131188771972e+01) *
           r -
       1.328068155288572e+01) *
          r +
      1;
  return above * q / below;
}

double Tail(double p) {
  const double q = std::sqrt(-2 * std::log(p < 0.5 ? p : 1 - p));
  const double above =
      ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
        2.549732539343734e+00) *
           q +
       4.374664141464968e+00) *
          q +
      2.938163982698783e+00;
  const double below =
      (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
       3.754408661907416e+00) *
          q +
      1;
  return p < 0.5 ? above / below : -above / below;
}

// Code for each of these, and the right one when the program runs; compiled without contraction of
// products and sums, so that all give the same bits. (Not where code runs before main, when a
// sanitizer is not there yet.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define CAVIAR_FOR_EACH_LEVEL \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CAVIAR_FOR_EACH_LEVEL
#endif

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
  const double p = ToUniform(Bits(counter));
  return IsCentral(p) ? Central(p) : Tail(p);
}

namespace {

CAVIAR_FOR_EACH_LEVEL
void CentralNormals(uint64_t start, uint64_t first, int count, double* uniforms, double* normals) {
  for (int i = 0; i < count; ++i) {
    const double p = ToUniform(Mix(start + (first + static_cast<uint64_t>(i) + 1) * kGolden));
    uniforms[i] = p;
    normals[i] = Central(p);
  }
}

}  // namespace

void CounterRandom::Normals(int64_t count, double deviation, float* out) const {
  constexpr int kPiece = 512;
  double uniforms[kPiece], normals[kPiece];
  for (int64_t first = 0; first < count; first += kPiece) {
    const int size = static_cast<int>(std::min<int64_t>(kPiece, count - first));
    CentralNormals(start_, static_cast<uint64_t>(first), size, uniforms, normals);
    for (int i = 0; i < size; ++i) {
      if (!IsCentral(uniforms[i])) normals[i] = Tail(uniforms[i]);
      out[first + i] = static_cast<float>(deviation * normals[i]);
    }
  }
}

void Permute(const CounterRandom& random, std::vector<int32_t>& permutation) {
  std::iota(permutation.begin(), permutation.end(), 0);
  for (size_t i = permutation.size(); i > 1; --i) {
    std::swap(permutation[i - 1], permutation[random.Below(i, i)]);
  }
}

}  // namespace caviar::network
