#include "tests/bench/public_problems.h"

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace caviar::bench {
namespace {

using std::numbers::e;
using std::numbers::pi;
using Vector = std::vector<double>;

double Square(double x) { return x * x; }

// Dixon & Szegö 1978.
double Branin(const Vector& x) {
  const double a = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x[0]) + 10;
}

// Dixon & Szegö 1978.
double Hartmann6(const Vector& x) {
  constexpr double kWeights[4] = {1.0, 1.2, 3.0, 3.2};
  constexpr double kScales[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                    {0.05, 10, 17, 0.1, 8, 14},
                                    {3, 3.5, 1.7, 10, 17, 8},
                                    {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kCentres[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                     {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                     {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                     {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    double exponent = 0;
    for (size_t j = 0; j < 6; ++j) exponent += kScales[i][j] * Square(x[j] - kCentres[i][j]);
    sum += kWeights[i] * std::exp(-exponent);
  }
  return -sum;
}

double Ackley(const Vector& x) {
  double squares = 0, cosines = 0;
  for (const double xi : x) {
    squares += xi * xi;
    cosines += std::cos(2 * pi * xi);
  }
  const auto n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n) + 20 + e;
}

double Rosenbrock(const Vector& x) {
  double sum = 0;
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    sum += 100 * Square(x[i + 1] - x[i] * x[i]) + Square(1 - x[i]);
  }
  return sum;
}

double Levy(const Vector& x) {
  const auto w = [&](size_t i) { return 1 + (x[i] - 1) / 4; };
  double sum = Square(std::sin(pi * w(0)));
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    sum += Square(w(i) - 1) * (1 + 10 * Square(std::sin(pi * w(i) + 1)));
  }
  const double last = w(x.size() - 1);
  return sum + Square(last - 1) * (1 + Square(std::sin(2 * pi * last)));
}

double Rastrigin(const Vector& x) {
  double sum = 0;
  for (const double xi : x) sum += xi * xi - 10 * std::cos(2 * pi * xi) + 10;
  return sum;
}

// Of dimension 6, weights from 1 to 10^4.
double Ellipsoid(const Vector& x) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    sum +=
        std::pow(10, 4 * static_cast<double>(i) / static_cast<double>(x.size() - 1)) * x[i] * x[i];
  }
  return sum;
}

// Sums of three functions of the same two numbers; which ones, three categories say (Ru et al.
// 2020, "Bayesian optimisation over multiple continuous and categorical inputs", section 5.1).
double Func3C(const std::array<int, 3>& chosen, double x, double y) {
  const double rosenbrock = Rosenbrock({x, y}) / 300;
  const double six_hump_camel =
      ((4 - 2.1 * x * x + x * x * x * x / 3) * x * x + x * y + (4 * y * y - 4) * y * y) / 10;
  const double beale =
      (Square(1.5 - x + x * y) + Square(2.25 - x + x * y * y) + Square(2.625 - x + x * y * y * y)) /
      50;
  const auto pick = [&](int which) {
    return which == 0 ? rosenbrock : which == 1 ? six_hump_camel : beale;
  };
  const double third = chosen[2] == 0   ? 5 * six_hump_camel
                       : chosen[2] == 1 ? 2 * rosenbrock
                                        : chosen[2] * beale;
  return pick(chosen[0]) + pick(chosen[1]) + third;
}

struct Definition {
  const char* name;
  double (*function)(const Vector&);
  std::vector<std::pair<double, double>> box;
  Vector best;  // where its optimum is, without shift
};

std::vector<Definition> Definitions() {
  return {
      {"branin2", Branin, {{-5, 10}, {0, 15}}, {pi, 2.275}},
      {"hartmann6",
       Hartmann6,
       {6, {0, 1}},
       {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573}},
      {"ackley10", Ackley, {10, {-32.768, 32.768}}, Vector(10, 0)},
      {"rosenbrock5", Rosenbrock, {5, {-5, 10}}, Vector(5, 1)},
      {"levy8", Levy, {8, {-10, 10}}, Vector(8, 1)},
      {"rastrigin5", Rastrigin, {5, {-5.12, 5.12}}, Vector(5, 0)},
      {"rotellipsoid6", Ellipsoid, {6, {-5, 5}}, Vector(6, 0)},
  };
}

std::string AxisName(size_t i) { return "x" + std::to_string(i + 1); }

void DefineContinuous(const Definition& definition, const nlohmann::json& seed, Problem& problem) {
  for (size_t i = 0; i < definition.box.size(); ++i) {
    *problem.parameters.Add() =
        RealParameter(AxisName(i), definition.box[i].first, definition.box[i].second);
  }
  const auto shift = seed.at("shift").get<Vector>();
  for (size_t i = 0; i < definition.box.size(); ++i) {
    problem.best[AxisName(i)] = RealValue(definition.best[i] + shift[i]);
  }
  const auto rotation = seed.value("rotation", std::vector<Vector>());
  problem.value = [function = definition.function, shift,
                   rotation](const search_space::Configuration& configuration) {
    Vector moved(shift.size());
    for (size_t i = 0; i < shift.size(); ++i) {
      moved[i] = NumberOf(configuration, AxisName(i)) - shift[i];
    }
    if (rotation.empty()) return function(moved);
    Vector rotated(moved.size(), 0.0);
    for (size_t i = 0; i < moved.size(); ++i) {
      for (size_t j = 0; j < moved.size(); ++j) rotated[i] += rotation[i][j] * moved[j];
    }
    return function(rotated);
  };
}

void DefineFunc3C(Problem& problem) {
  constexpr std::array<int, 3> kCategories = {3, 5, 4};
  for (size_t i = 0; i < 3; ++i) {
    std::vector<std::string> values;
    for (int value = 0; value < kCategories[i]; ++value) values.push_back(std::to_string(value));
    *problem.parameters.Add() = CategoricalParameter("h" + std::to_string(i + 1), values);
  }
  for (size_t i = 0; i < 2; ++i) *problem.parameters.Add() = RealParameter(AxisName(i), -1, 1);
  problem.best = {{"h1", WordValue("1")},
                  {"h2", WordValue("1")},
                  {"h3", WordValue("0")},
                  {"x1", RealValue(0.0898420131 / 2)},
                  {"x2", RealValue(-0.7126564030 / 2)}};
  problem.value = [](const search_space::Configuration& configuration) {
    const auto chosen = [&](const char* name) { return std::stoi(WordOf(configuration, name)); };
    return Func3C({chosen("h1"), chosen("h2"), chosen("h3")}, 2 * NumberOf(configuration, "x1"),
                  2 * NumberOf(configuration, "x2"));
  };
}

}  // namespace

std::vector<std::string> PublicProblemNames() {
  std::vector<std::string> names;
  for (const Definition& definition : Definitions()) names.push_back(definition.name);
  names.push_back("func3c");
  return names;
}

std::optional<Problem> MakePublicProblem(const std::string& name, uint32_t seed,
                                         const nlohmann::json& file) {
  const nlohmann::json& problems = file.at("problems");
  if (!problems.contains(name)) return std::nullopt;
  for (const auto& entry : problems.at(name).at("seeds")) {
    if (entry.at("seed").get<uint32_t>() != seed) continue;
    Problem problem;
    problem.name = name;
    problem.seed = seed;
    problem.optimum = entry.at("optimum");
    problem.reference = entry.at("reference");
    if (name == "func3c") {
      DefineFunc3C(problem);
      return problem;
    }
    for (const Definition& definition : Definitions()) {
      if (definition.name == name) DefineContinuous(definition, entry, problem);
    }
    return problem;
  }
  Fail("the file of problems has no seed " + std::to_string(seed) + " of " + name);
}

}  // namespace caviar::bench
