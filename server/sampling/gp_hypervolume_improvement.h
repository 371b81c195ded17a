// Expected hypervolume improvement: the acquisition where there are several objectives.
#ifndef CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_IMPROVEMENT_H_
#define CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_IMPROVEMENT_H_

#include <utility>
#include <vector>

#include "server/sampling/gp_criterion.h"
#include "server/sampling/gp_hypervolume.h"
#include "server/sampling/gp_predictor.h"

namespace caviar::sampling::gp {

// -log of the volume that a point, independently normal in each objective, is expected to add to
// what a front dominates; exact, by a sum over the boxes of the free region (Emmerich et al. 2006;
// Yang et al. 2019, "Efficient computation of expected hypervolume improvement using box
// decomposition algorithms"): for a box from l to u the product over objectives of
// E[max(0, u - f)] - E[max(0, l - f)].
class HypervolumeImprovement {
 public:
  explicit HypervolumeImprovement(FreeRegion region) : region_(std::move(region)) {}

  // `predictions`: one an objective. Where `gradient` is not null: the derivatives by these. Where
  // it is too small for floating point, a large number that does not change.
  double Cost(const std::vector<Prediction>& predictions,
              std::vector<PredictionGradient>* gradient) const;

 private:
  FreeRegion region_;
};

// That of one model an objective.
class HypervolumeCriterion final : public Criterion {
 public:
  // The models outlive this object.
  HypervolumeCriterion(std::vector<Predictor*> models, FreeRegion region)
      : models_(std::move(models)), improvement_(std::move(region)) {}

  void Costs(const Grid& at, int vector, double (&costs)[kLanes]) override;
  void CostsAndGradient(const Grid& at, int vector, double (&costs)[kLanes],
                        Grid& gradient) override;

 private:
  std::vector<Prediction> Predict(const Grid& at, int vector);

  std::vector<Predictor*> models_;
  HypervolumeImprovement improvement_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_HYPERVOLUME_IMPROVEMENT_H_
