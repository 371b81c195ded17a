#include "tests/bench/mixed_problems.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "tests/bench/discrete_problems.h"
#include "tests/bench/problem_draws.h"

namespace caviar::bench {
namespace {

using search_space::Configuration;

double Square(double x) { return x * x; }

// As training a network is: what counts of learning rate, momentum and batch size is mainly one
// number, the step that they make together, and where it is far too long, training diverges. Size
// and regularization balance each other.
Problem Network(uint32_t seed) {
  Problem problem;
  auto& parameters = problem.parameters;
  *parameters.Add() = RealParameter("learning_rate", 1e-5, 1, v1::Parameter::LOG);
  *parameters.Add() = RealParameter("momentum", 0.5, 0.999, v1::Parameter::ONE_MINUS_LOG);
  *parameters.Add() = IntParameter("batch_size", 8, 1024, v1::Parameter::LOG);
  *parameters.Add() = IntParameter("layers", 1, 8);
  *parameters.Add() = IntParameter("units", 8, 1024, v1::Parameter::LOG);
  *parameters.Add() = RealParameter("dropout", 0, 0.8);
  *parameters.Add() = RealParameter("weight_decay", 1e-7, 1e-1, v1::Parameter::LOG);
  *parameters.Add() = CategoricalParameter("activation", {"relu", "tanh", "elu", "gelu"});
  *parameters.Add() = BoolParameter("batch_norm");

  Draws draws(seed, 1);
  const double learning_rate = std::pow(10, draws.Uniform(-3, -1.5));
  const double momentum = 1 - std::pow(10, draws.Uniform(-1.8, -0.8));
  const int batch_size = 1 << (4 + draws.Below(4));
  const int layers = 2 + draws.Below(4);
  const int units = static_cast<int>(std::exp2(draws.Uniform(5, 9)));
  const double dropout = draws.Uniform(0.1, 0.5);
  const double weight_decay = std::pow(10, draws.Uniform(-5, -3));
  const std::array<std::string, 4> words = {"relu", "tanh", "elu", "gelu"};
  const auto favourite = static_cast<size_t>(draws.Below(4));
  std::array<double, 4> activation_costs;
  for (double& cost : activation_costs) cost = draws.Uniform(0.03, 0.3);
  activation_costs[favourite] = 0;

  problem.best = {{"learning_rate", RealValue(learning_rate)},
                  {"momentum", RealValue(momentum)},
                  {"batch_size", IntValue(batch_size)},
                  {"layers", IntValue(layers)},
                  {"units", IntValue(units)},
                  {"dropout", RealValue(dropout)},
                  {"weight_decay", RealValue(weight_decay)},
                  {"activation", WordValue(words[favourite])},
                  {"batch_norm", BoolValue(true)}};
  problem.value = [best = problem.best, words, activation_costs](const Configuration& at) {
    const auto decades = [&](const char* name) {
      return std::log10(NumberOf(at, name)) - std::log10(NumberOf(best, name));
    };
    const auto difference = [&](const char* name) {
      return NumberOf(at, name) - NumberOf(best, name);
    };
    const double averaging =
        std::log10((1 - NumberOf(best, "momentum")) / (1 - NumberOf(at, "momentum")));
    const bool batch_norm = at.at("batch_norm").bool_value();
    const double step = decades("learning_rate") + averaging - decades("batch_size");
    // Deep networks bear short steps only, and less so without batch norm.
    const double longest = batch_norm ? 1.5 : 1.2 - 0.1 * NumberOf(at, "layers");
    if (step > longest) return std::numeric_limits<double>::quiet_NaN();
    const double size = decades("units") + 0.15 * difference("layers");
    const double regularization = 1.5 * difference("dropout") + 0.3 * decades("weight_decay");
    const auto activation =
        std::find(words.begin(), words.end(), WordOf(at, "activation")) - words.begin();
    return 0.25 * Square(step) + 0.05 * Square(decades("batch_size")) + 0.03 * Square(averaging) +
           0.2 * Square(size - regularization) + 0.1 * Square(size) +
           0.02 * Square(difference("layers")) + 0.3 * Square(difference("dropout")) +
           0.02 * Square(decades("weight_decay")) +
           activation_costs[static_cast<size_t>(activation)] +
           (batch_norm ? 0 : 0.1 + 0.05 * std::abs(step));
  };
  return problem;
}

// A method, each with parameters of its own; one of them has a further switch. The methods differ
// by less than their parameters do, so that the best one does not show at once.
Problem Methods(uint32_t seed) {
  Problem problem;
  auto& parameters = problem.parameters;
  *parameters.Add() = CategoricalParameter("method", {"ridge", "kernel", "trees"});
  *parameters.Add() =
      When(RealParameter("penalty", 1e-6, 1e3, v1::Parameter::LOG), "method", {"ridge", "kernel"});
  *parameters.Add() = When(CategoricalParameter("kernel", {"linear", "radial", "polynomial"}),
                           "method", {"kernel"});
  *parameters.Add() =
      When(RealParameter("width", 1e-4, 1e2, v1::Parameter::LOG), "kernel", {"radial"});
  *parameters.Add() = When(IntParameter("degree", 2, 8), "kernel", {"polynomial"});
  *parameters.Add() =
      When(IntParameter("trees", 10, 1000, v1::Parameter::LOG), "method", {"trees"});
  *parameters.Add() = When(IntParameter("depth", 1, 20), "method", {"trees"});
  *parameters.Add() = When(RealParameter("share", 0.1, 1), "method", {"trees"});

  Draws draws(seed, 2);
  const double penalty = draws.Uniform(-4, 1), shift = draws.Uniform(-2, 2);
  const double width = draws.Uniform(-3, 1);
  const int degree = 2 + draws.Below(4), depth = 4 + draws.Below(10);
  const double share = draws.Uniform(0.3, 0.9);
  // What the best of each costs beside the best of all: of ridge, radial, polynomial, trees. (A
  // linear kernel is a ridge that takes longer.)
  std::array<double, 4> costs;
  for (double& cost : costs) cost = draws.Uniform(0.02, 0.1);
  const int winner = 1 + draws.Below(3);
  costs[static_cast<size_t>(winner)] = 0;

  if (winner == 3) {
    problem.best = {{"method", WordValue("trees")},
                    {"trees", IntValue(1000)},
                    {"depth", IntValue(depth)},
                    {"share", RealValue(share)}};
  } else {
    problem.best = {{"method", WordValue("kernel")},
                    {"penalty", RealValue(std::pow(10, penalty))},
                    {"kernel", WordValue(winner == 1 ? "radial" : "polynomial")}};
    if (winner == 1) problem.best["width"] = RealValue(std::pow(10, width));
    if (winner == 2) problem.best["degree"] = IntValue(degree);
  }
  problem.value = [=](const Configuration& at) {
    const auto decades = [&](const char* name) { return std::log10(NumberOf(at, name)); };
    const std::string& method = WordOf(at, "method");
    if (method == "trees") {
      return costs[3] + 0.3 * (std::pow(NumberOf(at, "trees"), -0.5) - std::pow(1000, -0.5)) +
             0.006 * Square(NumberOf(at, "depth") - depth) *
                 (1 + 0.5 * (NumberOf(at, "share") - share)) +
             0.4 * Square(NumberOf(at, "share") - share);
    }
    if (method == "ridge") return costs[0] + 0.1 * std::abs(decades("penalty") - penalty - shift);
    const double off = decades("penalty") - penalty;
    const std::string& kernel = WordOf(at, "kernel");
    if (kernel == "radial") {
      const double scale = decades("width") - width;
      // A valley: narrow kernels want more penalty.
      return costs[1] + 0.08 * Square(off + scale) + 0.02 * Square(scale);
    }
    if (kernel == "polynomial") {
      return costs[2] + 0.04 * Square(off) + 0.08 * std::abs(NumberOf(at, "degree") - degree);
    }
    return costs[0] + 0.15 + 0.1 * std::abs(off - shift);
  };
  return problem;
}

struct Named {
  const char* name;
  Problem (*make)(uint32_t seed);
};

constexpr std::array<Named, 5> kProblems = {{{"network9", Network},
                                             {"methods8", Methods},
                                             {"ordinals6", MakeOrdinals},
                                             {"categories6", MakeCategories},
                                             {"noisy4", MakeNoisy}}};

}  // namespace

std::vector<std::string> MixedProblemNames() {
  std::vector<std::string> names;
  for (const Named& problem : kProblems) names.push_back(problem.name);
  return names;
}

std::optional<Problem> MakeMixedProblem(const std::string& name, uint32_t seed) {
  for (const Named& known : kProblems) {
    if (name != known.name) continue;
    Problem problem = known.make(seed);
    problem.name = name;
    problem.seed = seed;
    problem.reference = MedianOfRandomPoints(problem, 2001);
    return problem;
  }
  return std::nullopt;
}

}  // namespace caviar::bench
