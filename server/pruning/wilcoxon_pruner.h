// For objectives that are means over instances (folds of a cross-validation, problems of a
// benchmark): the steps are instances, in any order. A trial ends when Wilcoxon's signed-rank test
// (1945) says that it is worse, over the instances that both have, than the best completed one.
#ifndef CAVIAR_SERVER_PRUNING_WILCOXON_PRUNER_H_
#define CAVIAR_SERVER_PRUNING_WILCOXON_PRUNER_H_

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "server/pruning/pruner.h"

namespace caviar::pruning {

// The probability that chance alone makes the differences look so large or larger: one-sided, for
// differences of which a positive one speaks for "worse". Zeros are dropped, equal ones share their
// ranks. Exact for at most 25 differences without equals, the normal approximation with continuity
// correction above. 1 for none.
double SignedRankProbability(std::vector<double> differences);

struct WilcoxonRules {
  int warm_up = 4;       // instances in common
  double p_value = 0.1;  // in (0, 0.5]
};

class WilcoxonPruner final : public Pruner {
 public:
  WilcoxonPruner(WilcoxonRules rules, bool maximize) : Pruner(maximize), rules_(rules) {}

  void Measure(int32_t number, int64_t step, double value) override;
  void Complete(int32_t number, double value) override;
  void Rewind(int32_t number, int64_t after_step) override;
  std::vector<Verdict> Decide(int32_t number) override;

 private:
  WilcoxonRules rules_;
  // Of running trials and the best completed one: step to value.
  std::map<int32_t, std::map<int64_t, double>> values_;
  std::optional<std::pair<double, int32_t>> best_;  // objective, number
};

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_WILCOXON_PRUNER_H_
