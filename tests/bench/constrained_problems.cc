#include "tests/bench/constrained_problems.h"

#include <algorithm>
#include <cmath>

#include "tests/bench/problem_draws.h"

namespace caviar::bench {
namespace {

using search_space::Configuration;
using Vector = std::vector<double>;

double Square(double x) { return x * x; }

std::string AxisName(size_t i) { return "x" + std::to_string(i + 1); }

Vector At(const Configuration& configuration, size_t dimensions) {
  Vector x;
  for (size_t i = 0; i < dimensions; ++i) x.push_back(NumberOf(configuration, AxisName(i)));
  return x;
}

double SquaredDistance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += Square(a[i] - b[i]);
  return sum;
}

Vector DrawPoint(size_t dimensions, double min, double max, Draws& draws) {
  Vector point;
  for (size_t i = 0; i < dimensions; ++i) point.push_back(draws.Uniform(min, max));
  return point;
}

// A problem on [0, 1]^dimensions with its optimum at `best`.
Problem OnTheCube(const Vector& best) {
  Problem problem;
  for (size_t i = 0; i < best.size(); ++i) {
    *problem.parameters.Add() = RealParameter(AxisName(i), 0, 1);
    problem.best[AxisName(i)] = RealValue(best[i]);
  }
  return problem;
}

Problem MakeBall(uint32_t seed) {
  constexpr size_t kDimensions = 6;
  constexpr double kRadius = 0.4, kOutside = 0.2;
  Draws draws(seed, 20);
  const Vector centre = DrawPoint(kDimensions, 0.4, 0.6, draws);
  const Vector direction = DrawPoint(kDimensions, -1, 1, draws);
  const double length = std::sqrt(SquaredDistance(direction, Vector(kDimensions, 0.0)));
  Vector target, best;
  for (size_t i = 0; i < kDimensions; ++i) {
    target.push_back(centre[i] + (kRadius + kOutside) * direction[i] / length);
    best.push_back(centre[i] + kRadius * direction[i] / length);
  }
  Problem problem = OnTheCube(best);
  problem.value = [=](const Configuration& at) {
    return SquaredDistance(At(at, kDimensions), target);
  };
  problem.excesses = [=](const Configuration& at) {
    return Vector{SquaredDistance(At(at, kDimensions), centre) - Square(kRadius) - 1e-12};
  };
  return problem;
}

Problem MakeBands(uint32_t seed) {
  constexpr size_t kDimensions = 8;
  constexpr double kWidth = 0.2;
  Draws draws(seed, 21);
  const Vector best = DrawPoint(kDimensions, 0.2, 0.8, draws);
  Problem problem = OnTheCube(best);
  problem.value = [=](const Configuration& at) {
    const Vector x = At(at, kDimensions);
    double sum = 0;
    for (size_t i = 0; i < kDimensions; ++i) {
      sum += static_cast<double>(i + 1) * Square(x[i] - best[i]);
    }
    return sum;
  };
  problem.excesses = [=](const Configuration& at) {
    const Vector x = At(at, kDimensions);
    double first = 0, second = 0;
    for (size_t i = 0; i < kDimensions; ++i) {
      (i % 2 ? first : second) += x[i] - best[i];
    }
    return Vector{1e3 * (std::abs(first) - kWidth), 1e-3 * (std::abs(second) - kWidth)};
  };
  return problem;
}

Problem MakeWells(uint32_t seed) {
  constexpr size_t kDimensions = 5;
  constexpr double kDeeper = 0.1;
  Draws draws(seed, 22);
  const Vector best = DrawPoint(kDimensions, 0.15, 0.35, draws);
  const Vector forbidden = DrawPoint(kDimensions, 0.65, 0.85, draws);
  Problem problem = OnTheCube(best);
  problem.value = [=](const Configuration& at) {
    const Vector x = At(at, kDimensions);
    return std::min(SquaredDistance(x, best), SquaredDistance(x, forbidden) - kDeeper);
  };
  problem.excesses = [=](const Configuration& at) {
    double sum = 0;
    for (const double x : At(at, kDimensions)) sum += x;
    return Vector{sum - 0.4 * kDimensions};
  };
  return problem;
}

Problem MakeNetwork(uint32_t seed) {
  constexpr int kMostUnits = 40, kMostLayers = 6, kMostBatch = 16;
  Draws draws(seed, 23);
  const double memory = draws.Uniform(2000, 4000), depth = draws.Uniform(2, 5);
  const double batch = draws.Uniform(4, 12), rate = draws.Uniform(-4, -1);
  const auto cost = [=](double units, double layers, double examples, double log_rate) {
    return 30 / units + 0.1 * Square(layers - depth) + 0.5 * Square(std::log(examples / batch)) +
           Square(log_rate - rate);
  };
  const auto excess = [=](double units, double layers, double examples) {
    return units * (10 + units * (layers - 1)) + 20 * units * examples - memory;
  };
  Problem problem;
  *problem.parameters.Add() = IntParameter("units", 1, kMostUnits);
  *problem.parameters.Add() = IntParameter("layers", 1, kMostLayers);
  *problem.parameters.Add() = IntParameter("batch", 1, kMostBatch);
  *problem.parameters.Add() = RealParameter("rate", 1e-5, 1, v1::Parameter::LOG);
  double least = INFINITY;
  for (int units = 1; units <= kMostUnits; ++units) {
    for (int layers = 1; layers <= kMostLayers; ++layers) {
      for (int examples = 1; examples <= kMostBatch; ++examples) {
        if (excess(units, layers, examples) > 0) continue;
        if (cost(units, layers, examples, rate) >= least) continue;
        least = cost(units, layers, examples, rate);
        problem.best = {{"units", IntValue(units)},
                        {"layers", IntValue(layers)},
                        {"batch", IntValue(examples)},
                        {"rate", RealValue(std::pow(10, rate))}};
      }
    }
  }
  problem.value = [=](const Configuration& at) {
    return cost(NumberOf(at, "units"), NumberOf(at, "layers"), NumberOf(at, "batch"),
                std::log10(NumberOf(at, "rate")));
  };
  problem.excesses = [=](const Configuration& at) {
    return Vector{excess(NumberOf(at, "units"), NumberOf(at, "layers"), NumberOf(at, "batch"))};
  };
  return problem;
}

struct Named {
  const char* name;
  Problem (*make)(uint32_t seed);
};
constexpr Named kProblems[] = {
    {"ball6", MakeBall}, {"bands8", MakeBands}, {"wells5", MakeWells}, {"network4", MakeNetwork}};

}  // namespace

std::vector<std::string> ConstrainedProblemNames() {
  std::vector<std::string> names;
  for (const Named& problem : kProblems) names.push_back(problem.name);
  return names;
}

std::optional<Problem> MakeConstrainedProblem(const std::string& name, uint32_t seed) {
  for (const Named& known : kProblems) {
    if (name != known.name) continue;
    Problem problem = known.make(seed);
    problem.name = name;
    problem.seed = seed;
    problem.optimum = problem.value(problem.best);
    problem.reference = MedianOfRandomPoints(problem, 2001);
    return problem;
  }
  return std::nullopt;
}

}  // namespace caviar::bench
