#include "tests/bench/search_problems.h"

#include <algorithm>
#include <fstream>

#include "tests/bench/public_problems.h"

namespace caviar::bench {

SearchProblems::SearchProblems(const std::string& path) {
  std::ifstream file(path);
  public_ = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!public_.is_object() || !public_.contains("problems")) Fail("cannot read problems: " + path);
}

std::vector<std::string> SearchProblems::Names(const std::vector<std::string>& wanted) {
  const std::vector<std::string> known = PublicProblemNames();
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    if (name == "public" || name == "all") {
      names.insert(names.end(), known.begin(), known.end());
    } else if (std::find(known.begin(), known.end(), name) != known.end()) {
      names.push_back(name);
    } else {
      Fail("there is no problem " + name);
    }
  }
  return names;
}

Problem SearchProblems::Make(const std::string& name, uint32_t seed) const {
  if (auto problem = MakePublicProblem(name, seed, public_)) return *std::move(problem);
  Fail("there is no problem " + name);
}

}  // namespace caviar::bench
