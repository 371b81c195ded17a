// How much of the space of objectives is dominated. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_HYPERVOLUME_H_
#define CAVIAR_SERVER_SAMPLING_HYPERVOLUME_H_

#include <cstddef>
#include <vector>

#include "server/sampling/pareto_levels.h"

namespace caviar::sampling {

// The volume between the points and the reference, exactly: slices along the last objective (While
// et al. 2006). Points that are not below the reference everywhere add nothing. n points of m
// objectives take some n^(m - 1) steps.
double Hypervolume(const std::vector<Values>& points, const Values& reference);

// Picks `count` of the points one after the other, each of them the one that adds most to the
// volume of those before; ties: the one that stands first. That has at least 1 - 1/e of the volume
// of the best choice, as it grows ever more slowly.
std::vector<size_t> PickByHypervolume(const std::vector<Values>& points, size_t count,
                                      const Values& reference);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_HYPERVOLUME_H_
