// Hyperband over asynchronous workers (Li et al. 2018, "Hyperband", algorithm 1; brackets of ASHA
// as in Li et al. 2020, section 3.3): bracket s has its first rung at grace * eta^s, and gets the
// share of the trials that Hyperband gives it, so that all brackets spend about as many steps. A
// trial's bracket is a function of its number.
#ifndef CAVIAR_SERVER_PRUNING_HYPERBAND_PRUNER_H_
#define CAVIAR_SERVER_PRUNING_HYPERBAND_PRUNER_H_

#include <vector>

#include "server/pruning/asha_pruner.h"

namespace caviar::pruning {

class HyperbandPruner final : public Pruner {
 public:
  // The rules of the first bracket; the others have a rung less each, the last one has none.
  HyperbandPruner(const AshaRules& rules, bool maximize);

  // Which one is this trial's, from 0, that with the earliest rung.
  size_t BracketOf(int32_t number) const;

  void Measure(int32_t number, int64_t step, double value) override;
  void Complete(int32_t number, double value) override;
  void Rewind(int32_t number, int64_t after_step) override;
  std::vector<Verdict> Decide(int32_t number) override;
  void Pause(int32_t number) override;
  std::optional<Promotion> FindPromotion(bool in_any_case) const override;
  void Unpause(int32_t number) override { brackets_[BracketOf(number)].Unpause(number); }
  void Restore(int32_t number, int64_t step) override;
  void End(int32_t number) override;
  std::vector<double> RungValues(int32_t number) const override;
  std::vector<int64_t> Rungs() const override { return ladder_.Rungs(); }

 private:
  std::vector<AshaPruner> brackets_;
  std::vector<double> shares_;  // cumulated, the last is 1
  // All trials on the first bracket's rungs, for samplers.
  AshaPruner ladder_;
};

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_HYPERBAND_PRUNER_H_
