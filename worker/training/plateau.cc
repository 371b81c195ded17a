#include "worker/training/plateau.h"

namespace caviar::training {

bool Plateau::Offer(double value) {
  if (patience_ == 0) return false;
  const bool minimize = goal_ == v1::Objective::MINIMIZE;
  // Written so that NaN is no gain.
  const bool gain = !state_.best || (minimize ? value < *state_.best - min_delta_
                                              : value > *state_.best + min_delta_);
  if (gain) {
    state_ = {value, 0};
    return false;
  }
  return ++state_.epochs_without_gain >= patience_;
}

}  // namespace caviar::training
