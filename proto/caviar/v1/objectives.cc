#include "caviar/v1/objectives.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace caviar::vocabulary {
namespace {

// Differences may be beyond what a double holds.
constexpr double kLargest = std::numeric_limits<double>::max();

}  // namespace

bool HasSeveralObjectives(const v1::Study& study) { return study.objectives_size() > 0; }

std::vector<v1::Objective> ObjectivesOf(const v1::Study& study) {
  if (!HasSeveralObjectives(study)) return {study.objective()};
  return {study.objectives().begin(), study.objectives().end()};
}

const v1::Objective& FirstObjective(const v1::Study& study) {
  return HasSeveralObjectives(study) ? study.objectives(0) : study.objective();
}

std::vector<std::string> OutcomeMetrics(const v1::Study& study) {
  std::vector<std::string> metrics;
  if (!HasSeveralObjectives(study) && study.constraints().empty()) return metrics;
  for (const v1::Objective& objective : ObjectivesOf(study)) metrics.push_back(objective.metric());
  for (const v1::Constraint& constraint : study.constraints()) {
    metrics.push_back(constraint.metric());
  }
  return metrics;
}

double Loss(const v1::Objective& objective, double value) {
  return objective.goal() == v1::Objective::MAXIMIZE ? -value : value;
}

double Excess(const v1::Constraint& constraint, double value) {
  if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
  double excess = -kLargest;
  if (constraint.has_min()) excess = std::max(excess, constraint.min() - value);
  if (constraint.has_max()) excess = std::max(excess, value - constraint.max());
  return std::clamp(excess, -kLargest, kLargest);
}

}  // namespace caviar::vocabulary
