// What a fitted Gaussian process predicts.
#ifndef CAVIAR_SERVER_SAMPLING_GP_POSTERIOR_H_
#define CAVIAR_SERVER_SAMPLING_GP_POSTERIOR_H_

#include <vector>

#include "server/sampling/gp_lanes.h"
#include "server/sampling/gp_loops.h"

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

class Posterior {
 public:
  // Of the first `values.size() + pending` points, of which the first have these values and the
  // others are pending: taken as if the mean had been seen there, which leaves the mean as it is
  // and shrinks the deviation (GP-BUCB; Desautels et al. 2014). Adds to the noise what positive
  // definiteness takes.
  Posterior(Covariance covariance, double noise, Grid points, const std::vector<double>& values,
            int pending);

  // Of all points of vectors 0..vectors-1 of `at`, [columns × points].
  void Predict(const Grid& at, int vectors, std::vector<Prediction>& predictions);

  // Of the eight points of one vector; then, for derivatives of something by these predictions,
  // its derivatives by their coordinates [columns × 8].
  void PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]);
  void Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes], Grid& gradient);

  int seen() const { return seen_; }
  int count() const { return count_; }
  double noise() const { return noise_; }

 private:
  Prediction PredictionOf(int lane) const;

  Covariance covariance_;
  double noise_;
  Grid points_;
  int seen_, count_;
  Grid inverse_factor_, transposed_;
  std::vector<double> weights_;  // K⁻¹·values of the seen
  Grid rows_, solved_, factors_, slopes_;
  Prediction last_[kLanes];
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_POSTERIOR_H_
