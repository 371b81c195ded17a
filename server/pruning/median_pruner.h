// The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.1, in the form that
// compares best values): a trial ends at a step where its best value so far is worse than the
// median of the values that completed trials had at that step.
#ifndef CAVIAR_SERVER_PRUNING_MEDIAN_PRUNER_H_
#define CAVIAR_SERVER_PRUNING_MEDIAN_PRUNER_H_

#include <map>
#include <vector>

#include "server/pruning/pruner.h"

namespace caviar::pruning {

struct MedianRules {
  int64_t grace = 1;  // the first step at which a trial may end
  int warm_up = 5;    // completed trials that have a value at the step, before any is ended there
};

class MedianPruner final : public Pruner {
 public:
  MedianPruner(MedianRules rules, bool maximize) : Pruner(maximize), rules_(rules) {}

  void Measure(int32_t number, int64_t step, double value) override;
  void Complete(int32_t number, double value) override;
  void Rewind(int32_t number, int64_t after_step) override;
  std::vector<Verdict> Decide(int32_t number) override;

 private:
  MedianRules rules_;
  // Of trials that are not completed: step to value.
  std::map<int32_t, std::map<int64_t, double>> curves_;
  // Of completed trials: step to values, sorted.
  std::map<int64_t, std::vector<double>> completed_;
};

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_MEDIAN_PRUNER_H_
