// What trials teach where a pruner has rungs: their values on the way, and not only at their ends.
#ifndef CAVIAR_SERVER_SAMPLING_GP_RUNG_LESSONS_H_
#define CAVIAR_SERVER_SAMPLING_GP_RUNG_LESSONS_H_

#include <vector>

#include "server/sampling/sampler.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

struct RungTrial {
  search_space::ModelPoint point;
  // Warped, at the rungs that it reached, the first one first; then, of a COMPLETED trial, the
  // objective. At least one.
  std::vector<double> values;
  bool open = false;  // not final: it may get to the next rung
};

struct RungLessons {
  // The pruner's rungs and, last, the end of training. At least one.
  size_t levels = 1;
  std::vector<RungTrial> trials;
  // Pending trials without a value.
  std::vector<search_space::ModelPoint> unseen;
};

// Of COMPLETED and PRUNED trials, and of pending ones with values. What is INFEASIBLE, breaks a
// constraint, or has a value that is not finite, is worse than the worst on the first rung and
// reached no other. FAILED and CANCELLED ones teach nothing. No trials: nothing has a value at a
// rung.
//
// Values are warped together, those of all rungs and ends: log((y - least) / (most - least) + 0.1),
// moved into [-0.5, 0.5], where the worst tenth counts as its best one; what is infeasible is 0.7.
// Zeros where nine tenths are equal.
RungLessons RungLessonsOf(const search_space::ModelSpace& space, const SamplerInput& input);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_RUNG_LESSONS_H_
