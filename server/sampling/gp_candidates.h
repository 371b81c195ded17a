// Points of the model's space that the acquisition's search begins from.
#ifndef CAVIAR_SERVER_SAMPLING_GP_CANDIDATES_H_
#define CAVIAR_SERVER_SAMPLING_GP_CANDIDATES_H_

#include <vector>

#include "server/sampling/gp_draws.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// Where the model is trusted: within `radius` of a point seen, along every numeric axis.
class TrustRegion {
 public:
  // A radius of 0.5 or more: everywhere. `seen` outlives this object.
  TrustRegion(const search_space::ModelSpace& space,
              const std::vector<search_space::ModelPoint>& seen, double radius);

  // The box around the seen point that is nearest in the largest coordinate: for each axis its
  // lower and upper end.
  struct Box {
    std::vector<double> lower, upper;
  };
  Box BoxOf(const search_space::ModelPoint& point) const;

 private:
  const search_space::ModelSpace& space_;
  const std::vector<search_space::ModelPoint>& seen_;
  double radius_;
};

// Coordinates without NaN, not rounded: what an inactive axis would be if it were not.
using RawPoint = search_space::ModelPoint;

// What the space has that is nearest: rounded, NaN where inactive.
search_space::ModelPoint Canonical(const search_space::ModelSpace& space, const RawPoint& raw);

// Uniform over the space.
RawPoint RandomRaw(const search_space::ModelSpace& space, Draws& draws);

// A step away from `point`: some axes by normal steps of a random size, some categories drawn anew.
RawPoint Perturbed(const search_space::ModelSpace& space, const search_space::ModelPoint& point,
                   Draws& draws);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_CANDIDATES_H_
