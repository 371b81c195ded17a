// How much a point is worth trying, from what is predicted there.
#ifndef CAVIAR_SERVER_SAMPLING_GP_ACQUISITION_H_
#define CAVIAR_SERVER_SAMPLING_GP_ACQUISITION_H_

#include "server/sampling/gp_predictor.h"

namespace caviar::sampling::gp {

// A cost: lower is better worth trying.
struct Acquisition {
  enum class Kind {
    kConfidenceBound,  // mean - `deviations`·deviation
    kLogImprovement,   // -log E[max(0, reference - f)] (Ament et al. 2023)
    // Where least is known, among what may be as good as `reference`: -deviation + 10·max(0, mean -
    // 0.5 seen deviations - reference) (GP-UCB-PE: Contal et al. 2013; Song et al. 2024).
    kExploration,
  };
  Kind kind = Kind::kConfidenceBound;
  double reference = 0;
  double deviations = 1.8;

  double Cost(const Prediction& prediction) const;
  PredictionGradient Gradient(const Prediction& prediction) const;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_ACQUISITION_H_
