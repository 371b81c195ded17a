// What a fitted Gaussian process predicts.
#ifndef CAVIAR_SERVER_SAMPLING_GP_POSTERIOR_H_
#define CAVIAR_SERVER_SAMPLING_GP_POSTERIOR_H_

#include <vector>

#include "server/sampling/gp_lanes.h"
#include "server/sampling/gp_loops.h"
#include "server/sampling/gp_predictor.h"

namespace caviar::sampling::gp {

class Posterior final : public Predictor {
 public:
  // Of the first `values.size() + pending` points, of which the first have these values and the
  // others are pending: taken as if the mean had been seen there, which leaves the mean as it is
  // and shrinks the deviation (GP-BUCB; Desautels et al. 2014). Adds to the noise what positive
  // definiteness takes. `own_noise`: what is added to the noise of each seen point; empty: nothing.
  Posterior(Covariance covariance, double noise, Grid points, const std::vector<double>& values,
            int pending, const std::vector<double>& own_noise = {});

  void PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]) override;
  void Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                Grid& gradient) override;

  int seen() const { return seen_; }
  int count() const { return count_; }
  double noise() const { return noise_; }
  // Variance before anything was seen.
  double prior() const { return covariance_.Prior(); }

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
