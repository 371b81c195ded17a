#include "server/sampling/trial_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

namespace caviar::sampling {
namespace {

bool IsBroken(double excess) { return !(excess <= 0); }

bool AllFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

Lesson LessonOf(const Observation& observation) {
  switch (observation.state) {
    case v1::Trial::COMPLETED:
      return std::isfinite(observation.value) && AllFinite(observation.more_values) ? Lesson::kValue
                                                                                    : Lesson::kBad;
    case v1::Trial::PRUNED:
      if (observation.rungs.empty()) return Lesson::kNothing;
      return std::isfinite(observation.rungs.back()) ? Lesson::kCutOff : Lesson::kBad;
    case v1::Trial::INFEASIBLE:
      return Lesson::kBad;
    default:
      return Lesson::kNothing;
  }
}

bool IsFeasible(const Observation& observation) {
  return std::none_of(observation.excesses.begin(), observation.excesses.end(), IsBroken);
}

bool ConstraintUnits::Add(const Observation& observation) {
  if (IsFeasible(observation)) return false;
  const std::vector<double>& excesses = observation.excesses;
  if (constraints_.size() < excesses.size()) constraints_.resize(excesses.size());
  bool changed = std::has_single_bit(++broken_);
  for (size_t i = 0; i < excesses.size(); ++i) {
    if (!(excesses[i] > 0) || !std::isfinite(excesses[i])) continue;
    constraints_[i].logs += std::log(excesses[i]);
    changed = ++constraints_[i].broken == 1 || changed;
  }
  if (!changed) return false;
  for (Constraint& constraint : constraints_) {
    if (constraint.broken == 0) continue;
    constraint.unit = std::exp(constraint.logs / static_cast<double>(constraint.broken));
  }
  return true;
}

double ConstraintUnits::TotalExcess(const Observation& observation) const {
  double total = 0;
  for (size_t i = 0; i < observation.excesses.size(); ++i) {
    const double excess = observation.excesses[i];
    if (!IsBroken(excess)) continue;
    if (std::isnan(excess)) return std::numeric_limits<double>::infinity();
    total += excess / (i < constraints_.size() ? constraints_[i].unit : 1);
  }
  return total;
}

bool IsBetter(const Observation& a, const Observation& b, const ConstraintUnits& units) {
  enum class Class { kFeasible, kBroken, kCutOff, kBad };
  // All of it the lower the better: class, rungs that were not reached, total excess, value,
  // number.
  const auto key = [&](const Observation& observation) {
    const auto make = [&](Class which, int64_t rungs, double excess, double value) {
      return std::tuple(which, -rungs, excess, value, observation.number);
    };
    switch (LessonOf(observation)) {
      case Lesson::kValue:
        if (IsFeasible(observation)) return make(Class::kFeasible, 0, 0, observation.value);
        return make(Class::kBroken, 0, units.TotalExcess(observation), observation.value);
      case Lesson::kCutOff:
        return make(Class::kCutOff, static_cast<int64_t>(observation.rungs.size()), 0,
                    observation.rungs.back());
      default:
        return make(Class::kBad, 0, 0, 0);
    }
  };
  return key(a) < key(b);
}

}  // namespace caviar::sampling
