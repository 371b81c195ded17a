#include "server/sampling/trial_ranking.h"

#include <algorithm>

namespace caviar::sampling {

bool TrialRanking::Follow(const search_space::SearchSpace& space, uint32_t seed,
                          const History& history) {
  const auto same = memory_.Advance(space, seed, history);
  const bool goes_on = same && *same >= seen_;
  if (!goes_on) {
    units_ = {};
    taught_.clear();
    ranked_.clear();
    feasible_ = useful_ = seen_ = 0;
  }
  const size_t before = taught_.size();
  bool other_units = false;
  for (; seen_ < history.size(); ++seen_) {
    const Observation& observation = history[seen_];
    const Lesson lesson = LessonOf(observation);
    if (lesson == Lesson::kNothing) continue;
    if (lesson == Lesson::kValue) {
      feasible_ += IsFeasible(observation) ? 1 : 0;
      other_units = units_.Add(observation) || other_units;
    }
    useful_ += lesson == Lesson::kBad ? 0 : 1;
    ranked_.push_back(static_cast<uint32_t>(taught_.size()));
    taught_.push_back(seen_);
  }
  const auto better = [&](uint32_t a, uint32_t b) {
    return IsBetter(history[taught_[a]], history[taught_[b]], units_);
  };
  // What is new, put in order and merged into what is in order; one alone finds its place. Other
  // units leave no order, but for the few times that they change.
  const auto fresh = ranked_.begin() + static_cast<std::ptrdiff_t>(before);
  if (other_units) {
    std::sort(ranked_.begin(), ranked_.end(), better);
  } else if (ranked_.end() - fresh == 1) {
    std::rotate(std::upper_bound(ranked_.begin(), fresh, *fresh, better), fresh, ranked_.end());
  } else {
    std::sort(fresh, ranked_.end(), better);
    std::inplace_merge(ranked_.begin(), fresh, ranked_.end(), better);
  }
  return goes_on;
}

}  // namespace caviar::sampling
