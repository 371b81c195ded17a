#include "client/render/plot_axis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "client/render/number.h"

namespace caviar::render {
namespace {

// Powers of ten between the smallest and the largest value.
constexpr double kLogarithmicFrom = 2;
// What is smaller has no power of ten below it.
constexpr double kSmallest = 1e-300;
constexpr double kRound[] = {1, 2, 5};

// The smallest of 1, 2, 5 times a power of ten that is at least `value` > 0.
double RoundUp(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : kRound) {
    // Written with room for the last bit: 0.2 is 2 * 0.1.
    if (factor * power >= value * (1 - 1e-12)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

PlotAxis::PlotAxis(double low, double high, int ticks)
    : low_(low),
      high_(high),
      logarithmic_(low > kSmallest && std::log10(high) - std::log10(low) > kLogarithmicFrom) {
  if (low_ == high_) {
    // Something to stand in the middle of.
    const double half = std::max(std::abs(low) / 20, 1e-9);
    low_ -= half;
    high_ += half;
  }
  if (logarithmic_) {
    AddLogarithmicTicks(ticks);
  } else {
    AddLinearTicks(ticks);
  }
}

void PlotAxis::AddLinearTicks(int ticks) {
  const double step = RoundUp((high_ - low_) / ticks);
  // With room for the last bit, so that no tick at an end is missed.
  const double last = std::floor(high_ / step * (1 + 1e-12) + 1e-9);
  for (double i = std::ceil(low_ / step * (1 - 1e-12) - 1e-9); i <= last; ++i) {
    ticks_.push_back(i * step);
    // Values so close together that a step is lost in their last bit.
    if (ticks_.size() > 4 * static_cast<size_t>(ticks)) break;
  }
  const double digits = -std::floor(std::log10(step) + 1e-9);
  if (digits <= 6 && std::max(std::abs(low_), std::abs(high_)) < 1e6) {
    decimals_ = std::max(0, static_cast<int>(digits));
  }
}

void PlotAxis::AddLogarithmicTicks(int ticks) {
  const double first = std::ceil(std::log10(low_) - 1e-9);
  const double last = std::floor(std::log10(high_) + 1e-9);
  const double every = std::ceil((last - first + 1) / ticks);
  for (double power = first; power <= last; power += every) ticks_.push_back(std::pow(10, power));
}

double PlotAxis::Place(double value) const {
  const double place =
      logarithmic_ ? (std::log10(value) - std::log10(low_)) / (std::log10(high_) - std::log10(low_))
                   : (value - low_) / (high_ - low_);
  return std::clamp(place, 0.0, 1.0);
}

std::string PlotAxis::Label(double tick) const {
  if (decimals_ < 0) return FormatShortNumber(tick);
  // No "-0.0".
  return absl::StrFormat("%.*f", decimals_, tick == 0 ? 0.0 : tick);
}

}  // namespace caviar::render
