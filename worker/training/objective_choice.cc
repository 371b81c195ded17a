#include "worker/training/objective_choice.h"

#include <cmath>

namespace caviar::training {

bool ObjectiveChoice::Offer(int64_t step, double value) {
  if (objective_.value() != v1::Objective::LAST) {
    if (!std::isfinite(value)) return false;
    const bool better =
        objective_.goal() == v1::Objective::MINIMIZE ? value < value_ : value > value_;
    if (step_.has_value() && !better) return false;
  }
  step_ = step;
  value_ = value;
  return true;
}

}  // namespace caviar::training
