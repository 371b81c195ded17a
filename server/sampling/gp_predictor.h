// What a model predicts at a point, and how that changes along the point's coordinates.
#ifndef CAVIAR_SERVER_SAMPLING_GP_PREDICTOR_H_
#define CAVIAR_SERVER_SAMPLING_GP_PREDICTOR_H_

#include <vector>

#include "server/sampling/gp_lanes.h"

namespace caviar::sampling::gp {

// Of the function at a point, without noise, in warped outputs.
struct Prediction {
  double mean = 0;
  double deviation = 0;       // with pending points counted as seen; > 0
  double seen_deviation = 0;  // without them
};

// Derivatives of something by a prediction.
struct PredictionGradient {
  double mean = 0;
  double deviation = 0;
  double seen_deviation = 0;
};

class Predictor {
 public:
  virtual ~Predictor() = default;

  // Of the eight points of one vector of `at` [columns × points]; then, for derivatives of
  // something by these predictions, its derivatives by their coordinates [columns × 8].
  virtual void PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]) = 0;
  virtual void Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                        Grid& gradient) = 0;

  // Of all points of vectors 0..vectors-1 of `at`.
  void Predict(const Grid& at, int vectors, std::vector<Prediction>& predictions) {
    predictions.clear();
    Prediction of_vector[kLanes];
    for (int vector = 0; vector < vectors; ++vector) {
      PredictVector(at, vector, of_vector);
      predictions.insert(predictions.end(), of_vector, of_vector + kLanes);
    }
  }
};

// Adds a gradient [columns × 8] to another of the same shape.
inline void AddTo(const Grid& gradient, Grid& sum) {
  for (int c = 0; c < sum.rows(); ++c) {
    for (int lane = 0; lane < kLanes; ++lane) sum(c, lane) += gradient(c, lane);
  }
}

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_PREDICTOR_H_
