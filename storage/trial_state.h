// What there is to know of a trial's state: which are final, as the rows' rules need to know it,
// and how many trials are in each.
#ifndef CAVIAR_STORAGE_TRIAL_STATE_H_
#define CAVIAR_STORAGE_TRIAL_STATE_H_

#include <cstdint>

#include "caviar/v1/study.pb.h"
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

// `change` more trials, or fewer, are in this state.
void Count(v1::TrialCounts& counts, v1::Trial::State state, int32_t change);

// How many are in a final state.
int64_t FinalTrials(const v1::TrialCounts& counts);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_STATE_H_
