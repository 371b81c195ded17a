// The eight problems whose definitions are public, with the shifts and rotations that
// search_problems.json has for each seed.
#ifndef CAVIAR_TESTS_BENCH_PUBLIC_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_PUBLIC_PROBLEMS_H_

#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

std::vector<std::string> PublicProblemNames();

// `file` is search_problems.json. nullopt: there is none of that name. Ends the program where the
// file has not got that seed.
std::optional<Problem> MakePublicProblem(const std::string& name, uint32_t seed,
                                         const nlohmann::json& file);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_PUBLIC_PROBLEMS_H_
