#include "tests/bench/importance_problems.h"

#include <cmath>

namespace caviar::bench {
namespace {

using search_space::Configuration;

double Square(double x) { return x * x; }

// An accuracy, negated, that falls off by the square on each scaled axis.
void MakeTraining(Problem& problem) {
  *problem.parameters.Add() = RealParameter("learning_rate", 1e-4, 1, v1::Parameter::LOG);
  *problem.parameters.Add() = IntParameter("units_1", 8, 256, v1::Parameter::LOG);
  *problem.parameters.Add() = IntParameter("units_2", 8, 256, v1::Parameter::LOG);
  *problem.parameters.Add() = CategoricalParameter("activation", {"relu", "tanh"});
  problem.value = [](const Configuration& at) {
    return -0.9 + 0.1 * Square(std::log10(NumberOf(at, "learning_rate")) + 2) +
           0.02 * Square(std::log2(NumberOf(at, "units_1")) - 7) +
           0.005 * Square(std::log2(NumberOf(at, "units_2")) - 5) +
           (WordOf(at, "activation") == "tanh" ? 0.01 : 0);
  };
}

// Two of three parameters count, one of them by far the most.
void MakeWeighted(Problem& problem) {
  for (const char* name : {"a", "b", "c"}) *problem.parameters.Add() = RealParameter(name, 0, 1);
  problem.value = [](const Configuration& at) {
    return 8 * Square(NumberOf(at, "a") - 0.3) + Square(NumberOf(at, "b") - 0.6);
  };
}

// Edges, a plateau, and a product, which no sum of curves is.
void MakeUneven(Problem& problem) {
  for (const char* name : {"edge", "plateau", "left", "right", "idle"}) {
    *problem.parameters.Add() = RealParameter(name, 0, 1);
  }
  problem.value = [](const Configuration& at) {
    return (NumberOf(at, "edge") < 0.35 ? 0.0 : 1.0) +
           2 * std::min(0.3, std::abs(NumberOf(at, "plateau") - 0.7)) +
           4 * (NumberOf(at, "left") - 0.5) * (NumberOf(at, "right") - 0.5);
  };
}

// One word of four is good, one bad, and a count of layers matters as much.
void MakeWords(Problem& problem) {
  *problem.parameters.Add() = CategoricalParameter("kind", {"a", "b", "c", "d"});
  *problem.parameters.Add() = CategoricalParameter("idle", {"a", "b", "c"});
  *problem.parameters.Add() = IntParameter("layers", 1, 4);
  *problem.parameters.Add() = RealParameter("x", 0, 1);
  problem.value = [](const Configuration& at) {
    const std::string& kind = WordOf(at, "kind");
    return (kind == "b" ? 0 : kind == "d" ? 4 : 2) + NumberOf(at, "layers") + NumberOf(at, "x");
  };
}

// What matters depends on a word.
void MakeBranches(Problem& problem) {
  *problem.parameters.Add() = CategoricalParameter("optimizer", {"sgd", "adam"});
  *problem.parameters.Add() = RealParameter("learning_rate", 1e-4, 1, v1::Parameter::LOG);
  *problem.parameters.Add() = When(RealParameter("momentum", 0, 1), "optimizer", {"sgd"});
  *problem.parameters.Add() = When(RealParameter("idle", 0, 1), "optimizer", {"adam"});
  problem.value = [](const Configuration& at) {
    const double rate = Square(std::log10(NumberOf(at, "learning_rate")) + 2);
    return WordOf(at, "optimizer") == "sgd"
               ? 0.1 * rate + 2 * Square(NumberOf(at, "momentum") - 0.9)
               : 0.05 * rate + 0.1;
  };
}

struct Named {
  const char* name;
  void (*make)(Problem& problem);
};
constexpr Named kProblems[] = {{"training", MakeTraining},
                               {"weighted", MakeWeighted},
                               {"uneven", MakeUneven},
                               {"words", MakeWords},
                               {"branches", MakeBranches}};

}  // namespace

std::vector<std::string> ImportanceProblemNames() {
  std::vector<std::string> names;
  for (const Named& problem : kProblems) names.push_back(problem.name);
  return names;
}

std::optional<Problem> MakeImportanceProblem(const std::string& name, uint32_t seed) {
  for (const Named& known : kProblems) {
    if (name != known.name) continue;
    Problem problem;
    problem.name = name;
    problem.seed = seed;
    known.make(problem);
    problem.reference = MedianOfRandomPoints(problem, 2001);
    return problem;
  }
  return std::nullopt;
}

}  // namespace caviar::bench
