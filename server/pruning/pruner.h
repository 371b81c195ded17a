// Pruners end or pause weak trials early.
//
// A pruner is a pure function of what was measured, in the order in which it came: the same
// measurements give the same verdicts. Objects keep an index of that, so that a verdict is quick.
// This room knows the messages of proto and numbers; no storage, no calls, no clocks, no threads.
#ifndef CAVIAR_SERVER_PRUNING_PRUNER_H_
#define CAVIAR_SERVER_PRUNING_PRUNER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"

namespace caviar::pruning {

enum class Act {
  kContinue,
  kStop,
  kPause,
  kPromote,  // a paused trial goes on
};

struct Verdict {
  Act act = Act::kContinue;
  // The rung or step that was decided about; 0: there was nothing to decide.
  int64_t step = 0;
  // With its numbers, for people: "step 9: 0.431 is not among the best 3 of 8".
  std::string reason;
};

struct Promotion {
  int32_t number = 0;
  Verdict verdict;  // kPromote; the step is the rung that it leaves
};

// Values are those of the objective's metric, negated where it is maximized: lower is better. What
// is not finite ranks last; of equals the lower number is better. Trials are named by number.
class Pruner {
 public:
  // Reasons show values as they were before they were negated.
  explicit Pruner(bool maximize) : maximize_(maximize) {}
  virtual ~Pruner() = default;

  // The trial has this value at this step of its curve. In any order, each step once.
  virtual void Measure(int32_t number, int64_t step, double value) = 0;
  // The trial is COMPLETED with this objective.
  virtual void Complete(int32_t number, double value) = 0;
  // The trial's curve goes on behind this step: what it measured beyond it does not count any more.
  // Verdicts stand.
  virtual void Rewind(int32_t number, int64_t after_step) = 0;
  // What is to become of a running trial, after all its measurements that came so far: a verdict
  // for each rung that it reached since the last call, in their order; the last one counts. Each
  // rung is decided once.
  virtual std::vector<Verdict> Decide(int32_t number) = 0;

  // What follows is of pruners with rungs; others have none of it.

  // The trial is PAUSED now: it waits at the highest rung that it reached.
  virtual void Pause(int32_t /*number*/) {}
  // Which of the paused trials may go on now, if any. `in_any_case`: the best one of the highest
  // rung, though its rung is too empty to say so.
  virtual std::optional<Promotion> FindPromotion(bool /*in_any_case*/) const {
    return std::nullopt;
  }
  // That one goes on: it is not paused any more.
  std::optional<Promotion> Promote(bool in_any_case) {
    auto promotion = FindPromotion(in_any_case);
    if (promotion) Unpause(promotion->number);
    return promotion;
  }
  virtual void Unpause(int32_t /*number*/) {}
  // Takes note of a verdict that was given before this object was made: that rung is decided.
  virtual void Restore(int32_t /*number*/, int64_t /*step*/) {}
  // The trial is final: it waits for no promotion.
  virtual void End(int32_t /*number*/) {}
  // The trial's value at every rung that it reached, the first one first: what samplers learn from.
  virtual std::vector<double> RungValues(int32_t /*number*/) const { return {}; }
  // Steps of the rungs, growing.
  virtual std::vector<int64_t> Rungs() const { return {}; }

 protected:
  // A value in a sentence.
  std::string Show(double value) const;

 private:
  bool maximize_;
};

// The longest training of a study, in steps; 0: not known.
int64_t MaxStep(const v1::Study& study);

// Writes out all defaults of a valid study's pruner.
void FillDefaults(v1::Study& study);

// The pruner of a valid study, whether its defaults were written out or not; nullptr: NONE.
std::unique_ptr<Pruner> MakePruner(const v1::Study& study);

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_PRUNER_H_
