// Which of two trials did better. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_
#define CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_

#include <cstdint>
#include <vector>

#include "server/sampling/history.h"

namespace caviar::sampling {

// What a final trial teaches.
enum class Lesson {
  kValue,    // COMPLETED, with finite values of all objectives
  kCutOff,   // PRUNED, with a finite value at the highest rung that it reached
  kNothing,  // FAILED or CANCELLED; PRUNED before its first rung
  kBad,      // INFEASIBLE, or a value that is not finite: worse than the worst seen
};
Lesson LessonOf(const Observation& observation);

// Whether it keeps all constraints, as far as that is known. An excess that is not a number does
// not.
bool IsFeasible(const Observation& observation);

// What excesses of the study's constraints, which are in units of their own, are measured in: the
// geometric mean of those seen, which no outlier and no choice of units moves.
class ConstraintUnits {
 public:
  // One more COMPLETED trial, in the history's order. true: the units are other ones now. They are
  // whenever a constraint is broken for the first time, and when twice as many trials broke one as
  // the last time.
  bool Add(const Observation& observation);
  // The sum of its excesses above 0 in these units; infinite where one is not finite.
  double TotalExcess(const Observation& observation) const;

 private:
  struct Constraint {
    double logs = 0;  // of the excesses' units, summed
    int64_t broken = 0;
    double unit = 1;
  };
  std::vector<Constraint> constraints_;
  uint64_t broken_ = 0;  // trials
};

// A total order of trials that teach something, the better one first: COMPLETED ones that keep all
// constraints by value, then those that do not by their total excess, then PRUNED ones, of which
// those that reached a higher rung go first and then those with the lower value there, then bad
// ones. Ties: the lower value, then the lower number goes first. Of several objectives it sees the
// first one.
bool IsBetter(const Observation& a, const Observation& b, const ConstraintUnits& units);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_
