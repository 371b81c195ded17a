// Problems in which most of what looks good breaks a constraint.
#ifndef CAVIAR_TESTS_BENCH_CONSTRAINED_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_CONSTRAINED_PROBLEMS_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/search_problem.h"

namespace caviar::bench {

// ball6: the point of a ball that is nearest to one outside of it.
// bands8: a bowl with its bottom where two bands cross, whose excesses are in units a million
// apart. wells5: of two wells the deeper one is out of bounds. network4: as large a network as the
// memory takes; all are whole numbers.
std::vector<std::string> ConstrainedProblemNames();

// nullopt: there is none of that name. The same problem for the same seed.
std::optional<Problem> MakeConstrainedProblem(const std::string& name, uint32_t seed);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CONSTRAINED_PROBLEMS_H_
