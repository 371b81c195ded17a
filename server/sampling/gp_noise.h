// What is known of the noise in a study's outcomes, as its warped values see it.
#ifndef CAVIAR_SERVER_SAMPLING_GP_NOISE_H_
#define CAVIAR_SERVER_SAMPLING_GP_NOISE_H_

#include <vector>

#include "server/sampling/gp_output.h"

namespace caviar::sampling::gp {

// Of outcomes and what WarpOutputs made of them: the variance of each one's warped value, half the
// way from where it would be one standard error lower to where it would be one higher, squared (the
// delta method over as wide a step as the error itself: ranks have no slope). At most 0.25. Empty:
// no outcome has a variance.
std::vector<double> WarpVariances(const std::vector<Outcome>& outcomes,
                                  const std::vector<double>& warped);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_NOISE_H_
