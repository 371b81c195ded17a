// Whether the definitions of problems are what they are said to be.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_CHECK_H_
#define CAVIAR_TESTS_BENCH_SEARCH_CHECK_H_

#include <string>
#include <vector>

#include "tests/bench/search_problem.h"

namespace caviar::bench {

// What is wrong with it: the optimum is not attained where it should be, or the median of random
// points is off by more than chance. Empty: nothing.
std::string CheckProblem(const Problem& problem);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_CHECK_H_
