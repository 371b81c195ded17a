// What models of several objectives say of the points that are known: the front so far and what is
// left to gain.
#ifndef CAVIAR_SERVER_SAMPLING_GP_PARETO_H_
#define CAVIAR_SERVER_SAMPLING_GP_PARETO_H_

#include <cstddef>
#include <vector>

#include "server/sampling/gp_hypervolume.h"
#include "server/sampling/gp_points.h"
#include "server/sampling/gp_predictor.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

struct ParetoKnown {
  // Points of the front: around them candidates are drawn.
  std::vector<search_space::ModelPoint> good;
  // Below the reference: the worst of the candidates in each objective, and a tenth of their range
  // more.
  FreeRegion region;
};

// Of the models' means, one model an objective, at these `candidates`, places in `points`; at least
// one. Of a long front some points that are far from each other stand for all, so that time is
// bounded.
ParetoKnown ParetoOf(const std::vector<Predictor*>& models, const PointLayout& layout,
                     const std::vector<search_space::ModelPoint>& points,
                     const std::vector<size_t>& candidates);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_PARETO_H_
