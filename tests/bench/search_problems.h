// All problems that samplers are measured on, by name.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_

#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/bench/model_problems.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

// Used by one thread at a time, with the problems that it made.
class SearchProblems {
 public:
  // The path of search_problems.json; search_models.json and .py lie beside it. Ends the program
  // where they cannot be read.
  explicit SearchProblems(const std::string& path);

  // Of names and groups (public, mixed, models, all): the names. Ends the program where there is no
  // such thing.
  static std::vector<std::string> Names(const std::vector<std::string>& wanted);

  Problem Make(const std::string& name, uint32_t seed) const;

 private:
  nlohmann::json public_;
  nlohmann::json models_;
  std::shared_ptr<ModelEvaluator> evaluator_;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_PROBLEMS_H_
