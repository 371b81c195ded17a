#include "server/sampling/gp_noise.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace caviar::sampling::gp {
namespace {

constexpr double kLargestDeviation = 0.5;

// The warp, between the values that it was given.
class Curve {
 public:
  Curve(const std::vector<Outcome>& outcomes, const std::vector<double>& warped) {
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (!outcomes[i].infeasible) knots_.emplace_back(outcomes[i].value, warped[i]);
    }
    std::sort(knots_.begin(), knots_.end());
    knots_.erase(std::unique(knots_.begin(), knots_.end()), knots_.end());
    // Below the best it goes on as it runs through the better half; above the worst it is flat.
    const auto& [best, lowest] = knots_.front();
    const auto& [median, middle] = knots_[knots_.size() / 2];
    slope_ = median > best ? (middle - lowest) / (median - best) : 0;
  }

  double At(double value) const {
    if (value >= knots_.back().first) return knots_.back().second;
    if (value <= knots_.front().first) {
      return knots_.front().second + slope_ * (value - knots_.front().first);
    }
    const auto above =
        std::upper_bound(knots_.begin(), knots_.end(), value,
                         [](double at, const auto& knot) { return at < knot.first; });
    const auto& [right, high] = *above;
    const auto& [left, low] = *(above - 1);
    return low + (high - low) * ((value - left) / (right - left));
  }

 private:
  std::vector<std::pair<double, double>> knots_;
  double slope_ = 0;
};

bool HasVariance(const Outcome& outcome) { return !outcome.infeasible && outcome.variance > 0; }

}  // namespace

std::vector<double> WarpVariances(const std::vector<Outcome>& outcomes,
                                  const std::vector<double>& warped) {
  if (std::none_of(outcomes.begin(), outcomes.end(), HasVariance)) return {};
  const Curve curve(outcomes, warped);
  std::vector<double> variances;
  for (const Outcome& outcome : outcomes) {
    if (!HasVariance(outcome)) {
      variances.push_back(0);
      continue;
    }
    const double error = std::sqrt(outcome.variance);
    const double width = curve.At(outcome.value + error) - curve.At(outcome.value - error);
    // Of values that differ by more than floating point holds there is no telling.
    const double deviation = std::isfinite(width) ? width / 2 : kLargestDeviation;
    variances.push_back(std::pow(std::min(deviation, kLargestDeviation), 2));
  }
  return variances;
}

}  // namespace caviar::sampling::gp
