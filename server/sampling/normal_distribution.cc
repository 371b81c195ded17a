#include "server/sampling/normal_distribution.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace caviar::sampling {
namespace {

using std::numbers::pi;
using std::numbers::sqrt2;

// Acklam 2003, relative error 1.15e-9. For probabilities up to 1/2.
double ApproximateQuantile(double p) {
  constexpr double kSplit = 0.02425;
  if (p < kSplit) {
    const double q = std::sqrt(-2 * std::log(p));
    return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) *
                  q -
              2.549732539343734e+00) *
                 q +
             4.374664141464968e+00) *
                q +
            2.938163982698783e+00) /
           ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
             3.754408661907416e+00) *
                q +
            1);
  }
  const double q = p - 0.5, r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239e+00) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1);
}

}  // namespace

double NormalCdf(double x) { return 0.5 * std::erfc(-x / sqrt2); }

double NormalMass(double low, double high) {
  // Where both are above the mean, the difference of their upper tails has more digits.
  if (low > 0) return NormalCdf(-low) - NormalCdf(-high);
  return NormalCdf(high) - NormalCdf(low);
}

double NormalQuantile(double probability) {
  const double p = std::clamp(probability, 1e-300, 1 - 0x1p-53);
  if (p > 0.5) return -NormalQuantile(1 - p);
  const double x = ApproximateQuantile(p);
  const double error = (NormalCdf(x) - p) * std::sqrt(2 * pi) * std::exp(x * x / 2);
  return x - error / (1 + x * error / 2);
}

double TruncatedNormal(double uniform, double mean, double sigma, double low, double high) {
  const double a = (low - mean) / sigma, b = (high - mean) / sigma;
  // In the lower half, where probabilities have digits to spare.
  const double z = a > 0 ? -NormalQuantile(NormalCdf(-b) + (1 - uniform) * NormalMass(a, b))
                         : NormalQuantile(NormalCdf(a) + uniform * NormalMass(a, b));
  return std::clamp(mean + sigma * z, low, high);
}

}  // namespace caviar::sampling
