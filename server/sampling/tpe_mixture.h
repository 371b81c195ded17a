// A Parzen estimator: a mixture of a uniform prior and one kernel a trial. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TPE_MIXTURE_H_
#define CAVIAR_SERVER_SAMPLING_TPE_MIXTURE_H_

#include <functional>
#include <vector>

#include "server/sampling/tpe_axis_kernel.h"
#include "server/sampling/tpe_kernels.h"
#include "server/sampling/tpe_loops.h"

namespace caviar::sampling::tpe {

// How wide kernels are. n is the number of trials that have the axis, d the number of axes.
struct MixtureSettings {
  double prior = 1;  // its weight, where that of an average kernel is 1
  // Deviation on ordered and real axes: bandwidth * (n + 1)^(-1 / (d + 4)), in units of the axis,
  // or where `by_spread` of sqrt(12) standard deviations of the trials, which for uniform trials is
  // the same; but at least 1 / (n + 2) and `least` ("magic clip", Watanabe 2023, section 3.3.4).
  double bandwidth = 0.2;
  bool by_spread = false;
  double least = 0.01;
  // On categorical ones: any category is drawn with odds category / (n + 1), as if so many more
  // trials had been there, evenly on all categories.
  double category = 1;
};

// The density of a set of trials. Where a trial lacks an axis, because a condition makes it
// inactive, its kernel is uniform along it; where the point lacks one, that leaves the product.
class Mixture {
 public:
  // Of the kernels from `first` on, a multiple of kLanes. weights: one for each of these, >= 0; 0:
  // as if it were not there. Keeps references to space and kernels.
  Mixture(const search_space::ModelSpace& space, const Kernels& kernels, size_t first,
          const std::vector<double>& weights, const MixtureSettings& settings);

  // Relative to uniform points; at least the prior's share.
  double Density(const search_space::ModelPoint& model);

  // A point; some of its axes may be inactive, which it does not look at. `uniform` gives numbers
  // in [0, 1), of which it takes 1 + dimensions.
  search_space::ModelPoint Draw(const std::function<double()>& uniform) const;

 private:
  double WidthOf(int axis, const MixtureSettings& settings) const;
  // Multiplies what does not depend on the point into the weights.
  void Fold();

  const search_space::ModelSpace& space_;
  const Kernels& kernels_;
  const size_t first_, count_;
  std::vector<double> weights_;  // with the prior's they sum to 1; padded with 0 to whole vectors
  std::vector<double> folded_;   // weights_ times the peaks along real axes that all kernels have
  double prior_ = 0;
  std::vector<AxisKernel> axes_;
  // By axis, where some kernels lack a real one: the peak, or 1.
  std::vector<std::vector<double>> peaks_;
  std::vector<RealFactor> reals_;  // of the point that Density looks at
  std::vector<TableFactor> tables_;
};

}  // namespace caviar::sampling::tpe

#endif  // CAVIAR_SERVER_SAMPLING_TPE_MIXTURE_H_
