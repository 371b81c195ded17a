// How much of the variance over a space each axis has a part in, by a model of what was tried.
//
// The model is a quadratic trend (quadratic_trend.h), and a forest (regression_forest.h) of what
// the trend leaves. Effects are taken over points drawn uniformly from the space, so that it does
// not matter where a sampler looked most.
#ifndef CAVIAR_SERVER_ANALYSIS_TOTAL_EFFECTS_H_
#define CAVIAR_SERVER_ANALYSIS_TOTAL_EFFECTS_H_

#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::analysis {

// One number an axis, >= 0, in squares of the values' unit: half of the mean square change of the
// model where this coordinate alone is drawn anew (Jansen 1999, "Analysis of variance designs for
// model output", equation for total effects). A parent's coordinate decides what else is active,
// and has the change that this makes. Linear constraints are kept. `places` are of the space,
// `values` finite, one a place. All 0 where the values are equal, or there are none.
std::vector<double> TotalEffects(const search_space::ModelSpace& space,
                                 const std::vector<search_space::ModelPoint>& places,
                                 const std::vector<double>& values);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_TOTAL_EFFECTS_H_
