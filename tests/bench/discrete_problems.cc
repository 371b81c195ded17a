#include "tests/bench/discrete_problems.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "tests/bench/problem_draws.h"

namespace caviar::bench {
namespace {

using search_space::Configuration;

double Square(double x) { return x * x; }

constexpr std::array<const char*, 4> kOrdinals = {"batch_size", "window", "stride", "rank"};

}  // namespace

Problem MakeOrdinals(uint32_t seed) {
  const std::array<std::vector<int>, 4> values = {
      {{16, 32, 64, 128, 256, 512}, {3, 5, 7, 9, 11, 15, 21}, {1, 2, 4}, {1, 2, 3, 5, 8, 13, 21}}};
  Problem problem;
  for (size_t i = 0; i < 4; ++i) {
    *problem.parameters.Add() = OrdinalParameter(kOrdinals[i], values[i]);
  }
  for (const char* name : {"a", "b"}) *problem.parameters.Add() = RealParameter(name, 0, 1);
  Draws draws(seed, 3);
  for (size_t i = 0; i < 4; ++i) {
    const int middle = draws.Below(static_cast<int>(values[i].size()));
    problem.best[kOrdinals[i]] = IntValue(values[i][static_cast<size_t>(middle)]);
  }
  problem.best["a"] = RealValue(draws.Uniform(0.2, 0.8));
  problem.best["b"] = RealValue(draws.Uniform(0.2, 0.8));
  problem.value = [values, best = problem.best](const Configuration& at) {
    std::array<double, 4> steps;
    for (size_t i = 0; i < 4; ++i) {
      const auto rank = [&](const Configuration& which) {
        const auto place =
            std::find(values[i].begin(), values[i].end(), NumberOf(which, kOrdinals[i]));
        return static_cast<double>(place - values[i].begin());
      };
      steps[i] = (rank(at) - rank(best)) / static_cast<double>(values[i].size() - 1);
    }
    const double a = NumberOf(at, "a") - NumberOf(best, "a");
    const double b = NumberOf(at, "b") - NumberOf(best, "b");
    return Square(steps[0] - a) + 0.5 * Square(steps[0]) + Square(steps[1] - Square(a) - b) +
           0.5 * std::abs(steps[1]) + 0.2 * std::abs(steps[2]) * (1 + std::abs(b)) +
           0.6 * Square(steps[3]) + 2 * Square(a) + Square(b) * (1 + std::cos(6 * b));
  };
  return problem;
}

Problem MakeCategories(uint32_t seed) {
  constexpr size_t kParameters = 6, kValues = 5;
  struct Costs {
    std::array<std::array<double, kValues>, kParameters> single;
    std::array<std::array<std::array<double, kValues>, kValues>, kParameters> pair;
    double Of(const std::array<size_t, kParameters>& chosen) const {
      double sum = 0;
      for (size_t i = 0; i < kParameters; ++i) {
        sum += single[i][chosen[i]] + pair[i][chosen[i]][chosen[(i + 1) % kParameters]];
      }
      return sum;
    }
  };
  Draws draws(seed, 4);
  Costs costs;
  for (auto& row : costs.single) {
    for (double& cost : row) cost = draws.Uniform(0, 1);
  }
  for (auto& table : costs.pair) {
    for (auto& row : table) {
      for (double& cost : row) cost = Square(draws.Uniform(0, 1));
    }
  }

  Problem problem;
  const std::vector<std::string> words = {"a", "b", "c", "d", "e"};
  const auto name = [](size_t i) { return "choice" + std::to_string(i + 1); };
  std::array<size_t, kParameters> least{};
  for (size_t all = 0; all < 15625; ++all) {
    std::array<size_t, kParameters> chosen;
    for (size_t i = 0, rest = all; i < kParameters; ++i, rest /= kValues) {
      chosen[i] = rest % kValues;
    }
    if (costs.Of(chosen) < costs.Of(least)) least = chosen;
  }
  problem.optimum = costs.Of(least);
  for (size_t i = 0; i < kParameters; ++i) {
    *problem.parameters.Add() = CategoricalParameter(name(i), words);
    problem.best[name(i)] = WordValue(words[least[i]]);
  }
  problem.value = [=](const Configuration& at) {
    std::array<size_t, kParameters> chosen;
    for (size_t i = 0; i < kParameters; ++i) {
      chosen[i] = static_cast<size_t>(WordOf(at, name(i)).front() - 'a');
    }
    return costs.Of(chosen);
  };
  return problem;
}

Problem MakeNoisy(uint32_t seed) {
  constexpr int kDimensions = 4;
  Problem problem;
  Draws draws(seed, 5);
  const auto name = [](int i) { return "x" + std::to_string(i + 1); };
  for (int i = 0; i < kDimensions; ++i) {
    *problem.parameters.Add() = RealParameter(name(i), 0, 1);
    problem.best[name(i)] = RealValue(draws.Uniform(0.15, 0.85));
  }
  problem.value = [=, best = problem.best](const Configuration& at) {
    double sum = 0, before = 0;
    for (int i = 0; i < kDimensions; ++i) {
      const double x = NumberOf(at, name(i)) - NumberOf(best, name(i));
      sum += Square(x) + 0.5 * Square(x - before) + 0.03 * (1 - std::cos(4 * std::numbers::pi * x));
      before = x;
    }
    return sum;
  };
  problem.noise = 0.05 * MedianOfRandomPoints(problem, 1001);
  return problem;
}

}  // namespace caviar::bench
