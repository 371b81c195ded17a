#include "worker/network/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::network {
namespace {

// The course of one_cycle: where it starts and ends, as parts of its peak (the defaults of
// PyTorch's OneCycleLR, which also cycles the momentum; this does not).
constexpr double kCycleStart = 1.0 / 25;
constexpr double kCycleEnd = kCycleStart / 1e4;

// From `from` to `to` along half a cosine, at `share` in [0, 1] of the way.
double HalfCosine(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

}  // namespace

absl::StatusOr<Schedule> Schedule::Create(const v1::BatchNormNetworkParameters& parameters,
                                          int epochs, int updates_per_epoch) {
  constexpr std::pair<absl::string_view, Kind> kKinds[] = {
      {"constant", Kind::kConstant},       {"inverse_time", Kind::kInverseTime},
      {"exponential", Kind::kExponential}, {"step", Kind::kStep},
      {"cosine", Kind::kCosine},           {"one_cycle", Kind::kOneCycle}};
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& entry) {
    return entry.first == parameters.learning_rate_schedule();
  });
  if (kind == std::end(kKinds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("learning_rate_schedule: \"", parameters.learning_rate_schedule(),
                     "\" is not known to this worker; its version may be older than the "
                     "coordinator's"));
  }
  Schedule schedule;
  schedule.kind_ = kind->second;
  schedule.rate_ = parameters.learning_rate();
  schedule.decay_ = parameters.decay_rate();
  schedule.step_factor_ = parameters.step_factor();
  schedule.step_epochs_ = parameters.step_epochs();
  schedule.rise_ = parameters.one_cycle_rise();
  schedule.warmup_updates_ = parameters.warmup_epochs() * updates_per_epoch;
  schedule.epochs_ = epochs;
  schedule.updates_per_epoch_ = updates_per_epoch;
  return schedule;
}

double Schedule::LearningRate(int64_t update) const {
  const double warm = static_cast<double>(update + 1) / std::max(warmup_updates_, 1e-9);
  return Scheduled(update) * std::min(warm, 1.0);
}

double Schedule::Scheduled(int64_t update) const {
  const int64_t epoch = update / updates_per_epoch_;
  const auto e = static_cast<double>(epoch);
  switch (kind_) {
    case Kind::kConstant:
      return rate_;
    case Kind::kInverseTime:
      return rate_ / (1 + decay_ * e);
    case Kind::kExponential:
      return rate_ * std::exp(-decay_ * e);
    case Kind::kStep: {
      const int64_t steps = epoch / step_epochs_;
      return rate_ * std::pow(step_factor_, static_cast<double>(steps));
    }
    case Kind::kCosine:
      return HalfCosine(rate_, 0, e / static_cast<double>(epochs_));
    case Kind::kOneCycle:
      return OneCycle(update);
  }
  return rate_;
}

double Schedule::OneCycle(int64_t update) const {
  const double last = static_cast<double>(std::max<int64_t>(epochs_ * updates_per_epoch_ - 1, 1));
  const double done = std::min(static_cast<double>(update) / last, 1.0);
  if (done < rise_) return HalfCosine(rate_ * kCycleStart, rate_, done / rise_);
  return HalfCosine(rate_, rate_ * kCycleEnd, (done - rise_) / (1 - rise_));
}

}  // namespace caviar::network
