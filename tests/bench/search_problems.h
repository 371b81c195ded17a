// All problems that samplers are measured on, by name.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

// Used by one thread at a time.
class SearchProblems {
 public:
  // The path of search_problems.json. Ends the program where that cannot be read.
  explicit SearchProblems(const std::string& path);

  // Names, or the names of groups: `public`, `all`. Ends the program where there is no such thing.
  static std::vector<std::string> Names(const std::vector<std::string>& wanted);

  Problem Make(const std::string& name, uint32_t seed) const;

 private:
  nlohmann::json public_;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_
