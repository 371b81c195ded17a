#include "server/sampling/gp_improvement.h"

#include <cmath>

namespace caviar::sampling::gp {
namespace {

constexpr double kRootHalf = 0.70710678118654752440;
constexpr double kLogRoot2Pi = 0.91893853320467274178;
// Below it h(z)/φ(z) is taken from its series in 1/z², the terms of which first shrink until they
// are z^2/2 many.
constexpr double kFar = -12;

double Density(double z) { return std::exp(-0.5 * z * z - kLogRoot2Pi); }
double Distribution(double z) { return 0.5 * std::erfc(-z * kRootHalf); }

// h(z)/φ(z) for z <= -1. With t = -z and Mills' ratio m(t) = (1 - Φ(t))/φ(t) it is 1 - t·m(t).
double TailRatio(double z) {
  if (z > kFar) return 1 + z * Distribution(z) / Density(z);
  // 1 - t·m(t) = 1/t² - 3/t⁴ + 15/t⁶ - ...
  const double u = 1 / (z * z);
  double term = u, sum = 0;
  for (int k = 0; k < 16; ++k) {
    sum += term;
    term *= -(2 * k + 3) * u;
  }
  return sum;
}

}  // namespace

LogImprovement LogOfImprovement(double z) {
  if (z > -1) {
    const double density = Density(z), distribution = Distribution(z);
    const double h = density + z * distribution;
    return {std::log(h), density / h, distribution / h};
  }
  const double ratio = TailRatio(z);
  // h = φ + z·Φ, so that Φ/h = (1 - φ/h)/z.
  return {-0.5 * z * z - kLogRoot2Pi + std::log(ratio), 1 / ratio, (1 - 1 / ratio) / z};
}

}  // namespace caviar::sampling::gp
