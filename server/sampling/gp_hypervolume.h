// Pareto fronts, the volume that they dominate, and the region that they do not. All objectives are
// minimized.
#ifndef CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_H_
#define CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_H_

#include <cstddef>
#include <vector>

namespace caviar::sampling::gp {

// One value an objective; all of a set have the same number of them, at least one. Not NaN.
using Values = std::vector<double>;

// Places of those that no other dominates, growing; of equal ones the first.
std::vector<size_t> ParetoFront(const std::vector<Values>& all);

// What points below `reference` can gain: the part of {v : v < reference} that no point of a front
// dominates, as boxes that do not overlap. A box is given by places in `levels`.
struct FreeRegion {
  // Of each objective: -infinity, the front's values and the reference's, in order.
  std::vector<Values> levels;
  struct Box {
    std::vector<size_t> lower, upper;  // one an objective; lower < upper
  };
  std::vector<Box> boxes;
};

// By local upper bounds and what defines them: Lacour, Klamroth & Fonseca 2017, "A box
// decomposition algorithm to compute the hypervolume indicator", equation 2. Points not below the
// reference in every objective are ignored. Of m objectives and n points of a front there are
// O(n^⌊m/2⌋) boxes.
FreeRegion FreeRegionOf(const std::vector<Values>& points, const Values& reference);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_H_
