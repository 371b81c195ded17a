// A rough picture of the objective: a parabola along every number, a value for every category, and
// their sum. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_SEPARABLE_MODEL_H_
#define CAVIAR_SERVER_SAMPLING_SEPARABLE_MODEL_H_

#include <Eigen/Core>
#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::sampling {

class SeparableModel {
 public:
  // Coefficients that it has in a space.
  static int CoefficientsOf(const search_space::ModelSpace& space);

  // Fits the logarithms of the ranks of points, the best one first, by ridge regression in which
  // the best count ten times as much as the last ones. Keeps a reference to the space. At least
  // one point.
  SeparableModel(const search_space::ModelSpace& space,
                 const std::vector<search_space::ModelPoint>& ranked);

  // Lower is better. What is inactive adds nothing.
  double Value(const search_space::ModelPoint& point) const;

 private:
  Eigen::VectorXd FeaturesOf(const search_space::ModelPoint& point) const;

  const search_space::ModelSpace& space_;
  Eigen::VectorXd coefficients_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_SEPARABLE_MODEL_H_
