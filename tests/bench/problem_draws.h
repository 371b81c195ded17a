// The random numbers in the definitions of problems.
#ifndef CAVIAR_TESTS_BENCH_PROBLEM_DRAWS_H_
#define CAVIAR_TESTS_BENCH_PROBLEM_DRAWS_H_

#include <cstdint>

#include "server/sampling/counter_random.h"

namespace caviar::bench {

// What is drawn for a problem of one seed, in the order of the calls.
class Draws {
 public:
  Draws(uint32_t seed, uint32_t problem) : seed_(seed), problem_(problem) {}
  double Uniform(double min, double max) {
    constexpr uint64_t kProblems = 0x70726f626c656d73;
    const uint64_t bits = sampling::RandomBits(seed_, problem_ << 16 | count_++, kProblems);
    return min + (max - min) * sampling::ToUnit(bits);
  }
  int Below(int end) { return static_cast<int>(Uniform(0, end)); }

 private:
  uint64_t seed_, problem_, count_ = 0;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_PROBLEM_DRAWS_H_
