#include "server/sampling/gp_output.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::gp {
namespace {

constexpr double kLogBase = 1.5;

// So that the largest is in [0.5, 1): differences do not overflow.
void ScaleDown(std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  int exponent = 0;
  std::frexp(largest, &exponent);
  for (double& value : values) value = std::ldexp(value, -exponent);
}

double MedianOf(const std::vector<double>& sorted) {
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// Of what is not above the median, around it; of all where that is zero.
double Spread(const std::vector<double>& sorted, double median) {
  double good = 0, all = 0;
  int count = 0;
  for (const double value : sorted) {
    const double square = (value - median) * (value - median);
    all += square;
    if (value > median) continue;
    good += square;
    ++count;
  }
  const double spread = std::sqrt(good / count);
  return spread > 0 ? spread : std::sqrt(all / static_cast<double>(sorted.size()));
}

void ReplaceWorseHalfByRank(std::vector<double>& values) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const double median = MedianOf(sorted);
  const double spread = Spread(sorted, median);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const auto above = sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), median);
  const double count = static_cast<double>(above) +
                       (std::binary_search(sorted.begin(), sorted.end(), median) ? 0.5 : 0.0);
  for (double& value : values) {
    if (value <= median) continue;
    const auto worse = sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), value);
    value = median - spread * NormalQuantile(0.5 * (static_cast<double>(worse) + 0.5) / count);
  }
}

}  // namespace

std::vector<double> WarpOutputs(const std::vector<Outcome>& outcomes) {
  std::vector<double> feasible;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.infeasible) feasible.push_back(outcome.value);
  }
  if (!feasible.empty()) {
    ScaleDown(feasible);
    ReplaceWorseHalfByRank(feasible);
    const auto [best, worst] = std::minmax_element(feasible.begin(), feasible.end());
    const double lowest = *best, width = *worst - *best;
    for (double& value : feasible) {
      const double share = width > 0 ? (value - lowest) / width : 0;
      value = width > 0 ? std::log1p(share * (kLogBase - 1)) / std::log(kLogBase) - 0.5 : 0;
    }
  }
  std::vector<double> warped;
  size_t next = 0;
  for (const Outcome& outcome : outcomes) {
    warped.push_back(outcome.infeasible ? kInfeasible : feasible[next++]);
  }
  return warped;
}

}  // namespace caviar::sampling::gp
