// The kernel of a Parzen estimator along one axis. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TPE_AXIS_KERNEL_H_
#define CAVIAR_SERVER_SAMPLING_TPE_AXIS_KERNEL_H_

#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::sampling::tpe {

// Ordered axes of more values than this are taken for real: their cells are narrower than kernels.
inline constexpr size_t kMaxCells = 64;

// Whether the kernel is a table over the axis' values: on categories, and on few ordered values.
bool IsTable(const search_space::ModelAxis& axis);
// Values of a table axis.
int CellsOf(const search_space::ModelAxis& axis);
// The value of a table axis at a model coordinate of it.
int CellAt(const search_space::ModelAxis& axis, double coordinate);

// On real axes: a normal distribution cut to [0, 1]. On ordered ones: what that has in the cell of
// each value, which is what lies nearer to it than to others. On categories: with some
// probability any of them, else the trial's (Aitchison & Aitken 1976). All densities are relative
// to the one of uniform points, so that the prior is 1 everywhere.
class AxisKernel {
 public:
  // `width`: on ordered and real axes the deviation, > 0; on categorical ones the probability of
  // drawing any category, in (0, 1]. Keeps a reference to the axis.
  AxisKernel(const search_space::ModelAxis& axis, double width);

  // Real axes: 1 / deviation, and the density at the kernel's own place.
  double inverse() const { return 1 / width_; }
  double Peak(double place) const;

  // Table axes: the densities at `cell` of kernels at each cell, and 1 behind them, which stands
  // for kernels that lack the axis. The reference holds as long as this object.
  const std::vector<double>& Densities(int cell);

  // A coordinate drawn from the kernel at `place`, and one of the prior; uniform is in [0, 1).
  double Draw(double place, double uniform) const;
  double DrawPrior(double uniform) const;

 private:
  // The part of the kernel at `place` that lies between two places, as part of all in [0, 1].
  double Mass(double place, double low, double high) const;
  // The lower edge of an ordered value's cell.
  double Edge(size_t cell) const;

  const search_space::ModelAxis* axis_;
  double width_;
  std::vector<double> peaks_;                   // real axes: on a grid of places
  std::vector<std::vector<double>> densities_;  // table axes, by cell; empty: not yet computed
};

}  // namespace caviar::sampling::tpe

#endif  // CAVIAR_SERVER_SAMPLING_TPE_AXIS_KERNEL_H_
