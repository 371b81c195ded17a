// Problems of the kinds that tuning has and the public ones lack: whole numbers on a log axis,
// ordinals, many categories, conditions, places that fail, noise. All are analytic, and each seed
// has its own optimum, which is known.
#ifndef CAVIAR_TESTS_BENCH_MIXED_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_MIXED_PROBLEMS_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/search_problem.h"

namespace caviar::bench {

std::vector<std::string> MixedProblemNames();

// nullopt: there is none of that name. Their reference is not set.
std::optional<Problem> MakeMixedProblem(const std::string& name, uint32_t seed);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_MIXED_PROBLEMS_H_
