#include "tests/bench/search_problems.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/bench/constrained_problems.h"
#include "tests/bench/mixed_problems.h"
#include "tests/bench/public_problems.h"

namespace caviar::bench {
namespace {

nlohmann::json ReadObject(const std::string& path) {
  std::ifstream file(path);
  nlohmann::json object = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) Fail("cannot read the problems in " + path);
  return object;
}

}  // namespace

SearchProblems::SearchProblems(const std::string& path) : public_(ReadObject(path)) {
  if (!public_.contains("problems")) Fail("there are no problems in " + path);
  const auto folder = std::filesystem::absolute(path).parent_path();
  models_ = ReadObject(folder / "search_models.json");
  evaluator_ = std::make_shared<ModelEvaluator>(folder / "search_models.py");
}

std::vector<std::string> SearchProblems::Names(const std::vector<std::string>& wanted) {
  struct Group {
    std::string name;
    std::vector<std::string> problems;
  };
  const std::vector<Group> groups = {{"public", PublicProblemNames()},
                                     {"mixed", MixedProblemNames()},
                                     {"constrained", ConstrainedProblemNames()},
                                     {"models", ModelProblemNames()}};
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    const size_t before = names.size();
    for (const Group& group : groups) {
      for (const std::string& problem : group.problems) {
        if (name == "all" || name == group.name || name == problem) names.push_back(problem);
      }
    }
    if (names.size() == before) Fail("there is no problem " + name);
  }
  return names;
}

Problem SearchProblems::Make(const std::string& name, uint32_t seed) const {
  if (auto problem = MakePublicProblem(name, seed, public_)) return *std::move(problem);
  if (auto problem = MakeMixedProblem(name, seed)) return *std::move(problem);
  if (auto problem = MakeConstrainedProblem(name, seed)) return *std::move(problem);
  if (auto problem = MakeModelProblem(name, seed, models_, evaluator_)) return *std::move(problem);
  Fail("there is no problem " + name);
}

}  // namespace caviar::bench
