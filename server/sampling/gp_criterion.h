// What the search for the next trial minimizes.
#ifndef CAVIAR_SERVER_SAMPLING_GP_CRITERION_H_
#define CAVIAR_SERVER_SAMPLING_GP_CRITERION_H_

#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_lanes.h"
#include "server/sampling/gp_predictor.h"

namespace caviar::sampling::gp {

class Criterion {
 public:
  virtual ~Criterion() = default;

  // Costs of the eight points of one vector of `at` [columns × points]; lower is better worth
  // trying.
  virtual void Costs(const Grid& at, int vector, double (&costs)[kLanes]) = 0;
  // The same, and their derivatives by the coordinates [columns × 8].
  virtual void CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                                Grid& gradient) = 0;
};

// An acquisition of one model.
class AcquisitionCriterion final : public Criterion {
 public:
  // The model outlives this object.
  AcquisitionCriterion(Predictor& model, const Acquisition& acquisition)
      : model_(model), acquisition_(acquisition) {}

  void Costs(const Grid& at, int vector, double (&costs)[kLanes]) override;
  void CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                        Grid& gradient) override;

 private:
  Predictor& model_;
  const Acquisition acquisition_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_CRITERION_H_
