// Problems without a smooth slope to follow: ordinals, categories, noise. Internal to
// mixed_problems.
#ifndef CAVIAR_TESTS_BENCH_DISCRETE_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_DISCRETE_PROBLEMS_H_

#include "tests/bench/search_problem.h"

namespace caviar::bench {

// Ordinals whose numbers grow by factors, that act by their rank, in a curved valley with two real
// parameters.
Problem MakeOrdinals(uint32_t seed);

// Six categoricals with five values, 15,625 configurations: a cost for each value, and one for each
// pair of values of neighbours.
Problem MakeCategories(uint32_t seed);

// A tilted bowl in four dimensions with ripples; measurements are off by a twentieth of what random
// points reach.
Problem MakeNoisy(uint32_t seed);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_DISCRETE_PROBLEMS_H_
