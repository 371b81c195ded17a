#include "worker/training/objective_choice.h"

#include <cmath>

namespace caviar::training {

bool ObjectiveChoice::Offer(int64_t step, double value) {
  if (objective_.value() != v1::Objective::LAST) {
    if (!std::isfinite(value)) return false;
    const bool better =
        objective_.goal() == v1::Objective::MINIMIZE ? value < state_.value : value > state_.value;
    if (state_.step.has_value() && !better) return false;
  }
  state_ = {step, value};
  return true;
}

}  // namespace caviar::training
