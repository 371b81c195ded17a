#include "tests/bench/pareto_problems.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "server/sampling/gp_hypervolume.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {
namespace {

using std::numbers::pi;
using std::numbers::sqrt2;
using Vector = std::vector<double>;

double Square(double x) { return x * x; }
double Between(double unit, double min, double max) { return min + unit * (max - min); }

// Zitzler, Deb & Thiele 2000.
double ZdtG(const Vector& x) {
  double sum = 0;
  for (size_t i = 1; i < x.size(); ++i) sum += x[i];
  return 1 + 9 * sum / static_cast<double>(x.size() - 1);
}
ParetoOutcome Zdt1(const Vector& x) {
  const double g = ZdtG(x);
  return {{x[0], g * (1 - std::sqrt(x[0] / g))}, {}};
}
ParetoOutcome Zdt2(const Vector& x) {
  const double g = ZdtG(x);
  return {{x[0], g * (1 - Square(x[0] / g))}, {}};
}

// With three objectives: Deb, Thiele, Laumanns & Zitzler 2002.
ParetoOutcome Dtlz2(const Vector& x) {
  double g = 1;
  for (size_t i = 2; i < x.size(); ++i) g += Square(x[i] - 0.5);
  const double a = x[0] * pi / 2, b = x[1] * pi / 2;
  return {{g * std::cos(a) * std::cos(b), g * std::cos(a) * std::sin(b), g * std::sin(a)}, {}};
}

// Branin's function and Currin's: Belakaria, Deshwal & Doppa 2019.
ParetoOutcome BraninCurrin(const Vector& x) {
  const double u = Between(x[0], -5, 10), v = Between(x[1], 0, 15);
  const double a = v - 5.1 / (4 * pi * pi) * u * u + 5 / pi * u - 6;
  const double branin = a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(u) + 10;
  const double decay = x[1] > 0 ? 1 - std::exp(-1 / (2 * x[1])) : 1;
  const double currin = decay * (2300 * std::pow(x[0], 3) + 1900 * Square(x[0]) + 2092 * x[0] + 60) /
                        (100 * std::pow(x[0], 3) + 500 * Square(x[0]) + 4 * x[0] + 20);
  return {{branin, currin}, {}};
}

// Volume and displacement of a truss of four bars: Cheng & Li 1999.
ParetoOutcome Truss(const Vector& x) {
  const double a = Between(x[0], 1, 3), b = Between(x[1], sqrt2, 3);
  const double c = Between(x[2], sqrt2, 3), d = Between(x[3], 1, 3);
  return {{200 * (2 * a + sqrt2 * b + std::sqrt(c) + d),
           0.01 * (2 / a + 2 * sqrt2 / b - 2 * sqrt2 / c + 2 / d)},
          {}};
}

// Mass, acceleration and intrusion of a car in a crash: Liao, Li, Yang, Zhang & Li 2008.
ParetoOutcome Crash(const Vector& unit) {
  Vector x;
  for (const double u : unit) x.push_back(Between(u, 1, 3));
  const double mass = 1640.2823 + 2.3573285 * x[0] + 2.3220035 * x[1] + 4.5688768 * x[2] +
                      7.7213633 * x[3] + 4.4559504 * x[4];
  const double acceleration =
      6.5856 + 1.15 * x[0] - 1.0427 * x[1] + 0.9738 * x[2] + 0.8364 * x[3] -
      0.3695 * x[0] * x[3] + 0.0861 * x[0] * x[4] + 0.3628 * x[1] * x[3] -
      0.1106 * Square(x[0]) - 0.3437 * Square(x[2]) + 0.1764 * Square(x[3]);
  const double intrusion = -0.0551 + 0.0181 * x[0] + 0.1024 * x[1] + 0.0421 * x[2] -
                           0.0073 * x[0] * x[1] + 0.024 * x[1] * x[2] - 0.0118 * x[1] * x[3] -
                           0.0204 * x[2] * x[3] - 0.008 * x[2] * x[4] - 0.0241 * Square(x[1]) +
                           0.0109 * Square(x[3]);
  return {{mass, acceleration, intrusion}, {}};
}

// With two constraints: Binh & Korn 1997.
ParetoOutcome BinhKorn(const Vector& unit) {
  const double x = Between(unit[0], 0, 5), y = Between(unit[1], 0, 3);
  return {{4 * x * x + 4 * y * y, Square(x - 5) + Square(y - 5)},
          {Square(x - 5) + y * y - 25, 7.7 - Square(x - 8) - Square(y + 3)}};
}

}  // namespace

double ParetoProblem::Missing(const std::vector<Vector>& objectives) const {
  return std::max(1e-4,
                  1 - sampling::gp::Hypervolume(objectives, reference) / best_hypervolume);
}

const std::vector<ParetoProblem>& ParetoProblems() {
  // The best: integrals of the known fronts (zdt1, zdt2, dtlz2; truss and binh_korn over 400,000
  // points of them); branin_currin and crash as BoTorch's test functions have them.
  static const auto* problems = new std::vector<ParetoProblem>{
      {"zdt1", 6, Zdt1, {11, 11}, 120 + 2.0 / 3},
      {"zdt2", 6, Zdt2, {11, 11}, 120 + 1.0 / 3},
      {"dtlz2", 6, Dtlz2, {1.5, 1.5, 1.5}, 3.375 - pi / 6},
      {"branin_currin", 2, BraninCurrin, {18, 6}, 59.36011874867746},
      {"truss", 4, Truss, {3000, 0.05}, 63.54503560566},
      {"crash", 5, Crash, {1864.72022, 11.81993945, 0.2903999384}, 246.81607081187002},
      {"binh_korn", 2, BinhKorn, {140, 50}, 5285.327199985},
  };
  return *problems;
}

const ParetoProblem& ParetoProblemOf(const std::string& name) {
  for (const ParetoProblem& problem : ParetoProblems()) {
    if (problem.name == name) return problem;
  }
  Fail("there is no problem " + name + " with several objectives");
}

}  // namespace caviar::bench
