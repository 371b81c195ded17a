#include "server/sampling/gp_rung_lessons.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "server/sampling/gp_output.h"

namespace caviar::sampling::gp {
namespace {

constexpr double kLogShift = 0.1;
// Of all values this share is ordinary; worse ones are as bad as its worst, so that a curve that
// explodes hides no differences.
constexpr double kOrdinary = 0.9;

bool IsFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

bool KeepsConstraints(const Observation& observation) {
  return std::all_of(observation.excesses.begin(), observation.excesses.end(),
                     [](double excess) { return excess <= 0; });
}

size_t RungsOf(const SamplerInput& input) {
  size_t rungs = 0;
  for (size_t i = 0; i < input.history.size(); ++i) {
    rungs = std::max(rungs, input.history[i].rungs.size());
  }
  for (const Pending& pending : input.pending) rungs = std::max(rungs, pending.rungs.size());
  return rungs;
}

// Values as they are, none for what is worse than the worst; nullopt: it teaches nothing.
std::optional<std::vector<double>> ValuesOf(const Observation& observation, size_t rungs) {
  std::vector<double> values = observation.rungs;
  switch (observation.state) {
    case v1::Trial::COMPLETED:
      // One that ended early counts with its objective from there on.
      values.resize(rungs + 1, observation.value);
      if (!KeepsConstraints(observation)) values.clear();
      break;
    case v1::Trial::PRUNED:
      if (values.empty()) return std::nullopt;
      break;
    case v1::Trial::INFEASIBLE:
      values.clear();
      break;
    default:
      return std::nullopt;
  }
  if (!IsFinite(values)) values.clear();
  return values;
}

class Warp {
 public:
  explicit Warp(const std::vector<RungTrial>& trials) {
    std::vector<double> all;
    for (const RungTrial& trial : trials) {
      all.insert(all.end(), trial.values.begin(), trial.values.end());
    }
    if (all.empty()) return;
    double largest = 0;
    for (const double value : all) largest = std::max(largest, std::abs(value));
    // So that differences do not overflow.
    std::frexp(largest, &exponent_);
    std::sort(all.begin(), all.end());
    least_ = Scaled(all.front());
    const auto worst =
        static_cast<size_t>(std::ceil(kOrdinary * static_cast<double>(all.size() - 1)));
    width_ = Scaled(all[worst]) - least_;
  }

  double Of(double value) const {
    if (!(width_ > 0)) return 0;
    const double share = std::min((Scaled(value) - least_) / width_, 1.0);
    return std::log1p(share / kLogShift) / std::log1p(1 / kLogShift) - 0.5;
  }

 private:
  double Scaled(double value) const { return std::ldexp(value, -exponent_); }

  int exponent_ = 0;
  double least_ = 0;
  double width_ = 0;
};

}  // namespace

RungLessons RungLessonsOf(const search_space::ModelSpace& space, const SamplerInput& input) {
  RungLessons lessons;
  const size_t rungs = RungsOf(input);
  if (rungs == 0) return lessons;
  lessons.levels = rungs + 1;
  for (size_t i = 0; i < input.history.size(); ++i) {
    const Observation& observation = input.history[i];
    auto values = ValuesOf(observation, rungs);
    if (values) lessons.trials.push_back({space.ToModel(observation.point), *std::move(values)});
  }
  for (const Pending& pending : input.pending) {
    search_space::ModelPoint point = space.ToModel(pending.point);
    if (pending.rungs.empty()) {
      lessons.unseen.push_back(std::move(point));
    } else {
      const bool finite = IsFinite(pending.rungs);
      lessons.trials.push_back({std::move(point), finite ? pending.rungs : std::vector<double>(),
                                /*open=*/finite});
    }
  }
  const Warp warp(lessons.trials);
  for (RungTrial& trial : lessons.trials) {
    for (double& value : trial.values) value = warp.Of(value);
    if (trial.values.empty()) trial.values.push_back(kInfeasible);
  }
  return lessons;
}

}  // namespace caviar::sampling::gp
