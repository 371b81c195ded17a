// Random numbers as a pure function of a key and a counter: the same on every machine and in any
// order of asking, so that a trial's training repeats bit for bit.
#ifndef CAVIAR_WORKER_NETWORK_RANDOM_H_
#define CAVIAR_WORKER_NETWORK_RANDOM_H_

#include <cstdint>
#include <vector>

namespace caviar::network {

// What numbers are drawn for: no two purposes share any.
enum class Purpose : uint64_t { kInitialization = 1, kOrder = 2, kDropout = 3 };

// A stream of its own for each (seed, trial, stage, purpose). Values are SplitMix64's (Steele et
// al. 2014) from a start that the key chooses. Thread safe.
class CounterRandom {
 public:
  // `stage`: the layer, the epoch, or for dropout the update.
  CounterRandom(uint64_t seed, uint64_t trial, uint64_t stage, Purpose purpose);

  // 64 uniform bits.
  uint64_t Bits(uint64_t counter) const;
  // Uniform in [0, bound), bound in [1, 2^32]; the bias is below bound / 2^64.
  uint64_t Below(uint64_t counter, uint64_t bound) const;
  // Standard normal, from one uniform number by Acklam's approximation of the inverse distribution
  // function (2003; relative error below 1.2e-9).
  double Normal(uint64_t counter) const;
  // out[i] = deviation * Normal(i), for i below `count`, many at a time: a network's weights.
  void Normals(int64_t count, double deviation, float* out) const;

 private:
  uint64_t start_;
};

// A uniform permutation of 0..n-1 (Fisher & Yates), written into `permutation`, whose size is n.
void Permute(const CounterRandom& random, std::vector<int32_t>& permutation);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_RANDOM_H_
