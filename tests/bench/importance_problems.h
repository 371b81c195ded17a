// Functions whose parameters' importances are plain to see, beside those of search_problems.h.
#ifndef CAVIAR_TESTS_BENCH_IMPORTANCE_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_IMPORTANCE_PROBLEMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/search_problem.h"

namespace caviar::bench {

std::vector<std::string> ImportanceProblemNames();

// nullopt: there is none of that name. The seed is the sampler's alone.
std::optional<Problem> MakeImportanceProblem(const std::string& name, uint32_t seed);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_IMPORTANCE_PROBLEMS_H_
