// Which trials a Parzen estimator takes for good, and how much each of them counts. Internal to
// this room.
#ifndef CAVIAR_SERVER_SAMPLING_TPE_SPLIT_H_
#define CAVIAR_SERVER_SAMPLING_TPE_SPLIT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/sampling/pareto_levels.h"
#include "server/sampling/trial_ranking.h"

namespace caviar::sampling::tpe {

struct GoodTrials {
  std::vector<uint32_t> places;  // in Split::taught
  std::vector<double> weights;   // 1 on average
};

// Kept from call to call, a function of the history.
class Split {
 public:
  // As TrialRanking::Follow.
  bool Follow(const search_space::SearchSpace& space, uint32_t seed, const History& history);

  const std::vector<size_t>& taught() const { return ranking_.taught(); }

  // The best tenth, at most 25, none of them bad; the best first. With one objective as IsBetter
  // has it, with weights that fall linearly with the rank. With several the trials that keep all
  // constraints come first, by levels of domination and on a level as each adds most to the volume
  // that those before dominate; of the level that does not fit as a whole the first ones are taken.
  // Their weights are in proportion to what each alone adds to the volume of all (Ozaki et al.
  // 2020, "Multiobjective tree-structured Parzen estimator for computationally expensive
  // optimization problems").
  GoodTrials Good() const;

 private:
  GoodTrials GoodByVolume(size_t count) const;

  static constexpr size_t kMostGood = 25;
  static constexpr size_t kLeveled = 200, kWidestLevel = 256;

  TrialRanking ranking_;
  ParetoLevels levels_{kLeveled, kWidestLevel};  // of feasible trials with several objectives
  size_t leveled_ = 0;                           // of taught()
};

}  // namespace caviar::sampling::tpe

#endif  // CAVIAR_SERVER_SAMPLING_TPE_SPLIT_H_
