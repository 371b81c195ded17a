// Which of two trials did better. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_
#define CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_

#include "server/sampling/history.h"

namespace caviar::sampling {

// What a final trial teaches.
enum class Lesson {
  kValue,    // COMPLETED, with a finite value
  kCutOff,   // PRUNED, with a finite value at the highest rung that it reached
  kNothing,  // FAILED or CANCELLED; PRUNED before its first rung
  kBad,      // INFEASIBLE, or a value that is not finite: worse than the worst seen
};
Lesson LessonOf(const Observation& observation);

// A total order of trials that teach something, the better one first: COMPLETED ones by value, then
// PRUNED ones, of which those that reached a higher rung go first and then those with the lower
// value there, then bad ones. Ties: the lower number goes first.
bool IsBetter(const Observation& a, const Observation& b);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_TRIAL_ORDER_H_
