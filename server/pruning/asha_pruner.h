// Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter
// Tuning", algorithm 2), in its stopping and its promoting form.
//
// Rungs are grace * eta^k below max_step. A trial's value at a rung is its first at or past it on
// its curve. Stopping: with fewer than eta values at a rung a trial goes on; else it stops unless
// it is among the best ceil(n / eta) of the n there, itself included. Promoting: a trial that
// reaches a rung pauses, and whenever a slot is free, the highest rung with a trial that was not
// promoted in its best floor(n / eta) gives it its best such one; only where there is none, a new
// trial starts. A trial that would be promoted at once does not pause. What comes late reverses
// nothing. A trial that completes before a rung counts there with its objective.
#ifndef CAVIAR_SERVER_PRUNING_ASHA_PRUNER_H_
#define CAVIAR_SERVER_PRUNING_ASHA_PRUNER_H_

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "server/pruning/pruner.h"
#include "server/pruning/rung_table.h"

namespace caviar::pruning {

// grace * eta^k below max_step, growing.
std::vector<int64_t> MakeRungs(int64_t grace, int32_t eta, int64_t max_step);

struct AshaRules {
  std::vector<int64_t> rungs;
  int32_t eta = 3;     // >= 2
  bool pause = false;  // the promoting form
};

class AshaPruner final : public Pruner {
 public:
  AshaPruner(AshaRules rules, bool maximize);

  void Measure(int32_t number, int64_t step, double value) override;
  void Complete(int32_t number, double value) override;
  void Rewind(int32_t number, int64_t after_step) override;
  std::vector<Verdict> Decide(int32_t number) override;
  void Pause(int32_t number) override;
  std::optional<Promotion> FindPromotion(bool in_any_case) const override;
  void Unpause(int32_t number) override { Leave(number, trials_[number]); }
  void Restore(int32_t number, int64_t step) override;
  void End(int32_t number) override;
  std::vector<double> RungValues(int32_t number) const override;
  std::vector<int64_t> Rungs() const override { return rules_.rungs; }

 private:
  struct Value {
    int64_t step = 0;  // at which it was measured
    double value = 0;
  };
  struct TrialRungs {
    std::vector<Value> values;  // by rung, as far as reached
    size_t decided = 0;         // rungs; those of an earlier curve count too
  };
  struct Rung {
    RungTable table;
    // Paused trials, the best first.
    std::set<std::pair<double, int32_t>> waiting;
  };

  void Reach(int32_t number, TrialRungs& trial, int64_t step, double value);
  void Leave(int32_t number, const TrialRungs& trial);
  Verdict DecideStop(int32_t number, size_t rung, double value) const;
  Verdict DecidePause(int32_t number, size_t rung, double value) const;

  AshaRules rules_;
  std::map<int32_t, TrialRungs> trials_;
  std::vector<Rung> rungs_;
};

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_ASHA_PRUNER_H_
