// Problems that train models: search_models.json defines them, search_models.py evaluates them.
#ifndef CAVIAR_TESTS_BENCH_MODEL_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_MODEL_PROBLEMS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

// A Python process, started by the first evaluation. Used by one thread at a time.
class ModelEvaluator {
 public:
  explicit ModelEvaluator(std::string script) : script_(std::move(script)) {}
  ~ModelEvaluator();
  ModelEvaluator(const ModelEvaluator&) = delete;
  ModelEvaluator& operator=(const ModelEvaluator&) = delete;

  // The loss of a configuration; NaN where training failed. Ends the program where the script does.
  double Evaluate(const std::string& problem, const search_space::Configuration& configuration);

 private:
  void Start();

  const std::string script_;
  int process_ = 0;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
};

std::vector<std::string> ModelProblemNames();

// `file` is search_models.json. The same for every seed. nullopt: there is none of that name.
std::optional<Problem> MakeModelProblem(const std::string& name, uint32_t seed,
                                        const nlohmann::json& file,
                                        std::shared_ptr<ModelEvaluator> evaluator);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_MODEL_PROBLEMS_H_
