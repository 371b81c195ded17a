#include "server/pruning/median_pruner.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "server/pruning/rung_table.h"

namespace caviar::pruning {

void MedianPruner::Measure(int32_t number, int64_t step, double value) {
  curves_[number].emplace(step, Ranked(value));
}

void MedianPruner::Complete(int32_t number, double) {
  const auto curve = curves_.find(number);
  if (curve == curves_.end()) return;
  for (const auto& [step, value] : curve->second) {
    std::vector<double>& values = completed_[step];
    values.insert(std::upper_bound(values.begin(), values.end(), value), value);
  }
  curves_.erase(curve);
}

void MedianPruner::Rewind(int32_t number, int64_t after_step) {
  const auto curve = curves_.find(number);
  if (curve == curves_.end()) return;
  curve->second.erase(curve->second.upper_bound(after_step), curve->second.end());
}

std::vector<Verdict> MedianPruner::Decide(int32_t number) {
  const auto curve = curves_.find(number);
  if (curve == curves_.end() || curve->second.empty()) return {};
  const int64_t step = curve->second.rbegin()->first;
  const auto others = completed_.find(step);
  if (step < rules_.grace || others == completed_.end() ||
      others->second.size() < static_cast<size_t>(rules_.warm_up)) {
    return {};
  }
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [at, value] : curve->second) best = std::min(best, value);
  const std::vector<double>& values = others->second;
  const size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  if (!(best > median)) return {};
  return {
      {Act::kStop, step,
       absl::StrCat("step ", step, ": the best so far, ", Show(best), ", is worse than the median ",
                    Show(median), " of ", values.size(), " completed trials")}};
}

}  // namespace caviar::pruning
