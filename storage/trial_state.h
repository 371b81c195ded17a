// Which states of a trial are final, as the rows' rules need to know it.
#ifndef CAVIAR_STORAGE_TRIAL_STATE_H_
#define CAVIAR_STORAGE_TRIAL_STATE_H_

#include "caviar/v1/trial.pb.h"

namespace caviar::storage {

// A final state, and the objective under it, never change again.
inline bool IsFinal(v1::Trial::State state) {
  switch (state) {
    case v1::Trial::COMPLETED:
    case v1::Trial::PRUNED:
    case v1::Trial::FAILED:
    case v1::Trial::INFEASIBLE:
    case v1::Trial::CANCELLED:
      return true;
    default:
      return false;
  }
}

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_STATE_H_
