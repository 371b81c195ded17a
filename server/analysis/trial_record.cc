#include "server/analysis/trial_record.h"

#include <algorithm>
#include <utility>

namespace caviar::analysis {

std::vector<size_t> BestFirst(const std::vector<TrialRecord>& trials, v1::Objective::Goal goal) {
  std::vector<size_t> order;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (HasResult(trials[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(Loss(goal, *trials[a].objective), trials[a].number) <
           std::pair(Loss(goal, *trials[b].objective), trials[b].number);
  });
  return order;
}

}  // namespace caviar::analysis
