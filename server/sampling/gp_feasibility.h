// Constraints: what a model sees of them, and how a criterion heeds them.
#ifndef CAVIAR_SERVER_SAMPLING_GP_FEASIBILITY_H_
#define CAVIAR_SERVER_SAMPLING_GP_FEASIBILITY_H_

#include <utility>
#include <vector>

#include "server/sampling/gp_criterion.h"
#include "server/sampling/gp_predictor.h"

namespace caviar::sampling::gp {

// Excesses (> 0: broken) as numbers in [-0.5, 0.5] in the same order, of which each has its sign
// and 0 stays 0: a logarithm on both sides (Eriksson & Poloczek 2021, "Scalable constrained
// Bayesian optimization", section 3.2) in units of the median distance from 0. What is not finite
// counts as the largest that is, kept or broken; NaN as broken.
std::vector<double> WarpExcesses(const std::vector<double>& excesses);

// -log Φ(-mean / (doubt · deviation)): that of the probability that a constraint is kept. A `doubt`
// above 1 makes little of what the model knows.
double FeasibilityCost(const Prediction& prediction, double doubt);
PredictionGradient FeasibilityGradient(const Prediction& prediction, double doubt);

// Another criterion's cost plus `weight` times the FeasibilityCost of all constraints: of a log
// improvement with weight 1, the log of the improvement times the probability that it counts
// (Gardner et al. 2014, "Bayesian optimization with inequality constraints").
class ConstrainedCriterion final : public Criterion {
 public:
  // All outlive this object. `inner` may be null: feasibility alone.
  ConstrainedCriterion(Criterion* inner, std::vector<Predictor*> constraints, double weight,
                       double doubt)
      : inner_(inner), constraints_(std::move(constraints)), weight_(weight), doubt_(doubt) {}

  void Costs(const Grid& at, int vector, double (&costs)[kLanes]) override;
  void CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                        Grid& gradient) override;

 private:
  Criterion* inner_;
  std::vector<Predictor*> constraints_;
  double weight_, doubt_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_FEASIBILITY_H_
