// No configuration is tried twice while there is one that was not tried, and none that breaks the
// space's linear constraints. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_DISTINCT_H_
#define CAVIAR_SERVER_SAMPLING_DISTINCT_H_

#include <optional>

#include "server/sampling/sampler.h"

namespace caviar::sampling {

// `point`, or where its configuration is in the history or pending already or is not allowed, that
// of a point near it which is neither; nullopt: all configurations of the space are there. A space
// without axes is no search: its only configuration is given again and again, for repeats.
std::optional<search_space::Point> Distinct(const search_space::ModelSpace& space,
                                            const SamplerInput& input,
                                            const search_space::Point& point);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_DISTINCT_H_
