#include "server/sampling/gp_minimizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace caviar::sampling::gp {
namespace {

constexpr double kArmijo = 1e-4;

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void AddTimes(double factor, const std::vector<double>& x, std::vector<double>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * x[i];
}

}  // namespace

Minimizer::Minimizer(std::vector<double> start, std::vector<double> lower,
                     std::vector<double> upper, const Options& options)
    : lower_(std::move(lower)), upper_(std::move(upper)), options_(options), x_(std::move(start)) {
  for (size_t i = 0; i < x_.size(); ++i) x_[i] = std::min(std::max(x_[i], lower_[i]), upper_[i]);
  trial_ = x_;
}

void Minimizer::Tell(double value, const std::vector<double>& gradient) {
  ++evaluations_;
  if (evaluations_ == 1) {
    Accept(value, gradient);
    done_ = done_ || !std::isfinite(value);
  } else if (value <= value_ + kArmijo * expected_) {
    const double gain = value_ - value;
    std::vector<double> step = trial_, change = gradient;
    AddTimes(-1, x_, step);
    AddTimes(-1, gradient_, change);
    const double product = Dot(step, change);
    if (product > 1e-12 * std::sqrt(Dot(step, step) * Dot(change, change))) {
      if (pairs_.size() == kPairs) pairs_.pop_front();
      pairs_.push_back({std::move(step), std::move(change), product});
    }
    Accept(value, gradient);
    if (gain <= options_.tolerance * (1 + std::abs(value))) done_ = true;
  } else {
    Reject(value);
  }
  if (evaluations_ >= options_.max_evaluations) done_ = true;
}

void Minimizer::Accept(double value, const std::vector<double>& gradient) {
  x_ = trial_;
  value_ = value;
  gradient_ = gradient;
  halvings_ = 0;
  ChooseDirection();
  TakeTrial();
}

void Minimizer::Reject(double value) {
  if (++halvings_ > kMaxHalvings) {
    if (pairs_.empty()) {
      done_ = true;
      return;
    }
    pairs_.clear();
    halvings_ = 0;
    ChooseDirection();
  } else {
    // The minimum of the parabola through what is known.
    double factor = 0.5;
    const double excess = value - value_ - expected_;
    if (std::isfinite(excess) && excess > 0) {
      factor = std::min(std::max(-expected_ / (2 * excess), 0.1), 0.5);
    }
    length_ *= factor;
  }
  TakeTrial();
}

bool Minimizer::IsFree(size_t i) const {
  return !((x_[i] <= lower_[i] && gradient_[i] > 0) || (x_[i] >= upper_[i] && gradient_[i] < 0));
}

void Minimizer::ChooseDirection() {
  const size_t n = x_.size();
  std::vector<double> free_gradient(n);
  for (size_t i = 0; i < n; ++i) free_gradient[i] = IsFree(i) ? gradient_[i] : 0;
  direction_ = free_gradient;
  // The two loops of Nocedal 1980.
  std::vector<double> factors(pairs_.size());
  for (size_t k = pairs_.size(); k-- > 0;) {
    factors[k] = Dot(pairs_[k].step, direction_) / pairs_[k].product;
    AddTimes(-factors[k], pairs_[k].change, direction_);
  }
  if (!pairs_.empty()) {
    const Pair& last = pairs_.back();
    const double scale = last.product / Dot(last.change, last.change);
    for (double& coordinate : direction_) coordinate *= scale;
  }
  for (size_t k = 0; k < pairs_.size(); ++k) {
    AddTimes(factors[k] - Dot(pairs_[k].change, direction_) / pairs_[k].product, pairs_[k].step,
             direction_);
  }
  for (size_t i = 0; i < n; ++i) direction_[i] = IsFree(i) ? -direction_[i] : 0;
  length_ = 1;
  const double slope = Dot(direction_, free_gradient);
  const bool descends = slope < 0;
  if (!descends || pairs_.empty()) {
    double largest = 0;
    for (size_t i = 0; i < n; ++i) {
      direction_[i] = -free_gradient[i];
      largest = std::max(largest, std::abs(direction_[i]));
    }
    if (!(largest > 0) || !std::isfinite(largest)) {
      done_ = true;
      return;
    }
    pairs_.clear();
    length_ = options_.first_step / largest;
  }
}

void Minimizer::TakeTrial() {
  expected_ = 0;
  bool moves = false;
  for (size_t i = 0; i < x_.size(); ++i) {
    trial_[i] = std::min(std::max(x_[i] + length_ * direction_[i], lower_[i]), upper_[i]);
    moves = moves || trial_[i] != x_[i];
    expected_ += gradient_[i] * (trial_[i] - x_[i]);
  }
  if (!moves) done_ = true;
}

}  // namespace caviar::sampling::gp
