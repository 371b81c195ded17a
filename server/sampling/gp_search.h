// Where a criterion is lowest.
#ifndef CAVIAR_SERVER_SAMPLING_GP_SEARCH_H_
#define CAVIAR_SERVER_SAMPLING_GP_SEARCH_H_

#include <limits>
#include <set>
#include <vector>

#include "server/sampling/gp_candidates.h"
#include "server/sampling/gp_criterion.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_minimizer.h"
#include "server/sampling/gp_points.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// Random candidates and perturbations of good ones first; then from the best of them, in turn,
// L-BFGS along numbers and the best single change of a category or of a number with few values,
// until neither gains. What breaks the space's linear constraints is not found while anything else
// is.
class Search {
 public:
  struct Options {
    int random = 500;
    int around_seen = 500;
    int around_best = 500;
    int starts = 16;
    int max_steps = 40;
    int max_rounds = 6;
  };

  // All outlive this object. `tried` are configurations not to be found again, NaN as -1; empty:
  // none matters. `good` are seen points, the best first.
  Search(const search_space::ModelSpace& space, const PointLayout& layout, Criterion& criterion,
         const TrustRegion& region, const std::set<search_space::ModelPoint>& tried, Draws& draws,
         const Options& options);

  search_space::ModelPoint Find(const std::vector<search_space::ModelPoint>& good);

 private:
  struct Candidate {
    RawPoint raw;
    search_space::ModelPoint point;
    double cost = std::numeric_limits<double>::infinity();
  };

  Candidate Make(RawPoint raw) const;
  // Whether it keeps the space's linear constraints.
  bool IsAllowed(const search_space::ModelPoint& point) const;
  RawPoint LastAllowed(const RawPoint& from, RawPoint to) const;
  void Evaluate(std::vector<Candidate>& candidates);
  void Notice(const Candidate& candidate);
  std::vector<Candidate> Starts(std::vector<Candidate> candidates) const;
  bool IsNear(const Candidate& a, const Candidate& b) const;
  // Along axes that are numbers. True: some got better.
  bool Descend(std::vector<Candidate>& candidates);
  Minimizer MinimizerOf(const Candidate& candidate) const;
  // To the best neighbour that differs in one value.
  bool Step(std::vector<Candidate>& candidates);
  void AddNeighbors(const Candidate& candidate, std::vector<Candidate>& neighbors);

  const search_space::ModelSpace& space_;
  const PointLayout& layout_;
  Criterion& criterion_;
  const TrustRegion& region_;
  const std::set<search_space::ModelPoint>& tried_;
  Draws& draws_;
  Options options_;
  std::vector<int> smooth_;  // axes to descend along
  std::vector<int> stepped_;
  Candidate best_;
};

// As `tried` wants it.
search_space::ModelPoint WithoutNaN(search_space::ModelPoint point);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_SEARCH_H_
