// How differently a group of trials lies on an axis, against all of them.
//
// Densities are histograms, smoothed by a Gaussian kernel that is cut at the axis' ends and keeps
// its mass there (Scott's bandwidth for the group's size, the same for both densities); categories
// are counted as they are. The group is part of all trials, so that its density is never above
// theirs by more than all / group.
#ifndef CAVIAR_SERVER_ANALYSIS_CONTRAST_H_
#define CAVIAR_SERVER_ANALYSIS_CONTRAST_H_

#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::analysis {

// The Pearson divergence of the group's density q from that of all, p: the mean over p of
// (q / p - 1)^2, less what it comes to on average where the group is drawn blindly; >= 0. `places`
// are the trials' coordinates on the axis, `weights` how much of each is in the group, in [0, 1].
// 0 where there are fewer than two trials, or the group is empty.
double Contrast(const search_space::ModelAxis& axis, const std::vector<double>& places,
                const std::vector<double>& weights);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_CONTRAST_H_
