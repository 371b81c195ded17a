#include "server/sampling/gp_criterion.h"

namespace caviar::sampling::gp {

void AcquisitionCriterion::Costs(const Grid& at, int vector, double (&costs)[kLanes]) {
  Prediction predictions[kLanes];
  model_.PredictVector(at, vector, predictions);
  for (int lane = 0; lane < kLanes; ++lane) costs[lane] = acquisition_.Cost(predictions[lane]);
}

void AcquisitionCriterion::CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                                            Grid& gradient) {
  Prediction predictions[kLanes];
  PredictionGradient by_prediction[kLanes];
  model_.PredictVector(at, vector, predictions);
  for (int lane = 0; lane < kLanes; ++lane) {
    costs[lane] = acquisition_.Cost(predictions[lane]);
    by_prediction[lane] = acquisition_.Gradient(predictions[lane]);
  }
  model_.Gradient(at, vector, by_prediction, gradient);
}

}  // namespace caviar::sampling::gp
