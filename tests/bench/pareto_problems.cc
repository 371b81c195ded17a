#include "tests/bench/pareto_problems.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "server/sampling/hypervolume.h"
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
  const double currin = decay *
                        (2300 * std::pow(x[0], 3) + 1900 * Square(x[0]) + 2092 * x[0] + 60) /
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
  const double acceleration = 6.5856 + 1.15 * x[0] - 1.0427 * x[1] + 0.9738 * x[2] + 0.8364 * x[3] -
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

// With two constraints: Gramacy et al. 2016.
ParetoOutcome Gramacy(const Vector& x) {
  return {{x[0] + x[1]},
          {1.5 - x[0] - 2 * x[1] - 0.5 * std::sin(2 * pi * (x[0] * x[0] - 2 * x[1])),
           x[0] * x[0] + x[1] * x[1] - 1.5}};
}

// The weight of a spring, with four constraints of which less than a hundredth of the points keep
// all: Arora 1989.
ParetoOutcome Spring(const Vector& unit) {
  const double d = Between(unit[0], 0.05, 2), w = Between(unit[1], 0.25, 1.3);
  const double n = Between(unit[2], 2, 15);
  return {{(n + 2) * w * d * d},
          {1 - std::pow(w, 3) * n / (71785 * std::pow(d, 4)),
           (4 * w * w - d * w) / (12566 * (w * std::pow(d, 3) - std::pow(d, 4))) +
               1 / (5108 * d * d) - 1,
           1 - 140.45 * d / (w * w * n), (w + d) / 1.5 - 1}};
}

// The weight of a speed reducer, with eleven constraints: Golinski 1970.
ParetoOutcome SpeedReducer(const Vector& unit) {
  const double a = Between(unit[0], 2.6, 3.6), b = Between(unit[1], 0.7, 0.8);
  const double c = Between(unit[2], 17, 28), d = Between(unit[3], 7.3, 8.3);
  const double e = Between(unit[4], 7.3, 8.3), f = Between(unit[5], 2.9, 3.9);
  const double g = Between(unit[6], 5, 5.5);
  const double weight = 0.7854 * a * b * b * (3.3333 * c * c + 14.9334 * c - 43.0934) -
                        1.508 * a * (f * f + g * g) + 7.4777 * (std::pow(f, 3) + std::pow(g, 3)) +
                        0.7854 * (d * f * f + e * g * g);
  return {
      {weight},
      {27 / (a * b * b * c) - 1, 397.5 / (a * b * b * c * c) - 1,
       1.93 * std::pow(d, 3) / (b * c * std::pow(f, 4)) - 1,
       1.93 * std::pow(e, 3) / (b * c * std::pow(g, 4)) - 1,
       std::sqrt(Square(745 * d / (b * c)) + 16.9e6) / (110 * std::pow(f, 3)) - 1,
       std::sqrt(Square(745 * e / (b * c)) + 157.5e6) / (85 * std::pow(g, 3)) - 1, b * c / 40 - 1,
       5 * b / a - 1, a / (12 * b) - 1, (1.5 * f + 1.9) / d - 1, (1.1 * g + 1.9) / e - 1}};
}

}  // namespace

double ParetoProblem::Missing(const std::vector<Vector>& objectives) const {
  return std::max(1e-4, 1 - sampling::Hypervolume(objectives, reference) / best_hypervolume);
}

const std::vector<ParetoProblem>& ParetoProblems() {
  // Of one objective the volume is how far below the reference it gets. The best: integrals of the
  // known fronts (zdt1, zdt2, dtlz2; truss and binh_korn over 400,000 points of them);
  // branin_currin and crash as BoTorch's test functions have them.
  static const auto* problems = new std::vector<ParetoProblem>{
      {"zdt1", 6, Zdt1, {11, 11}, 120 + 2.0 / 3},
      {"zdt2", 6, Zdt2, {11, 11}, 120 + 1.0 / 3},
      {"dtlz2", 6, Dtlz2, {1.5, 1.5, 1.5}, 3.375 - pi / 6},
      {"branin_currin", 2, BraninCurrin, {18, 6}, 59.36011874867746},
      {"truss", 4, Truss, {3000, 0.05}, 63.54503560566},
      {"crash", 5, Crash, {1864.72022, 11.81993945, 0.2903999384}, 246.81607081187002},
      {"binh_korn", 2, BinhKorn, {140, 50}, 5285.327199985},
      {"gramacy", 2, Gramacy, {2}, 2 - 0.5998},
      {"spring", 3, Spring, {0.1}, 0.1 - 0.012665},
      {"speed_reducer", 7, SpeedReducer, {5000}, 5000 - 2994.47},
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
