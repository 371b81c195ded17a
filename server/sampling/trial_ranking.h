// The trials that teach something, the best one first, kept from call to call. Internal to this
// room.
#ifndef CAVIAR_SERVER_SAMPLING_TRIAL_RANKING_H_
#define CAVIAR_SERVER_SAMPLING_TRIAL_RANKING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/sampling/history_memory.h"
#include "server/sampling/trial_order.h"

namespace caviar::sampling {

class TrialRanking {
 public:
  // Follows the history; false: began anew, because it does not go on from the one before, or the
  // space or seed is another one. What it says after it is a function of the history alone.
  bool Follow(const search_space::SearchSpace& space, uint32_t seed, const History& history);

  // Places in the history of what teaches something, in its order.
  const std::vector<size_t>& taught() const { return taught_; }
  // Places in `taught`, the best one first (IsBetter).
  const std::vector<uint32_t>& ranked() const { return ranked_; }
  // How many of these are COMPLETED and keep all constraints, and how many are not bad; they come
  // first.
  size_t feasible() const { return feasible_; }
  size_t useful() const { return useful_; }

 private:
  HistoryMemory memory_;
  ConstraintUnits units_;
  std::vector<size_t> taught_;
  std::vector<uint32_t> ranked_;
  size_t feasible_ = 0;
  size_t useful_ = 0;
  size_t seen_ = 0;  // observations that it followed
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_TRIAL_RANKING_H_
