#include "server/sampling/trial_order.h"

#include <cmath>
#include <tuple>

namespace caviar::sampling {

Lesson LessonOf(const Observation& observation) {
  switch (observation.state) {
    case v1::Trial::COMPLETED:
      return std::isfinite(observation.value) ? Lesson::kValue : Lesson::kBad;
    case v1::Trial::PRUNED:
      if (observation.rungs.empty()) return Lesson::kNothing;
      return std::isfinite(observation.rungs.back()) ? Lesson::kCutOff : Lesson::kBad;
    case v1::Trial::INFEASIBLE:
      return Lesson::kBad;
    default:
      return Lesson::kNothing;
  }
}

bool IsBetter(const Observation& a, const Observation& b) {
  // Lesson, rungs that were not reached, value, number: all of them the lower the better.
  const auto key = [](const Observation& observation) {
    const Lesson lesson = LessonOf(observation);
    const bool cut_off = lesson == Lesson::kCutOff;
    const double value = lesson == Lesson::kValue ? observation.value
                         : cut_off                ? observation.rungs.back()
                                                  : 0;
    return std::tuple(lesson, cut_off ? -static_cast<int64_t>(observation.rungs.size()) : 0, value,
                      observation.number);
  };
  return key(a) < key(b);
}

}  // namespace caviar::sampling
