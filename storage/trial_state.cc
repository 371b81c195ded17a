#include "storage/trial_state.h"

namespace caviar::storage {

void Count(v1::TrialCounts& counts, v1::Trial::State state, int32_t change) {
  switch (state) {
    case v1::Trial::WAITING:
      return counts.set_waiting(counts.waiting() + change);
    case v1::Trial::RUNNING:
      return counts.set_running(counts.running() + change);
    case v1::Trial::PAUSED:
      return counts.set_paused(counts.paused() + change);
    case v1::Trial::COMPLETED:
      return counts.set_completed(counts.completed() + change);
    case v1::Trial::PRUNED:
      return counts.set_pruned(counts.pruned() + change);
    case v1::Trial::FAILED:
      return counts.set_failed(counts.failed() + change);
    case v1::Trial::INFEASIBLE:
      return counts.set_infeasible(counts.infeasible() + change);
    case v1::Trial::CANCELLED:
      return counts.set_cancelled(counts.cancelled() + change);
    default:
      return;
  }
}

int64_t FinalTrials(const v1::TrialCounts& counts) {
  return int64_t{counts.completed()} + counts.pruned() + counts.failed() + counts.infeasible() +
         counts.cancelled();
}

}  // namespace caviar::storage
