// The inner loop of the Parzen estimator: sums of kernels. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TPE_LOOPS_H_
#define CAVIAR_SERVER_SAMPLING_TPE_LOOPS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caviar::sampling::tpe {

// Kernels come in whole vectors: columns end with padding whose weight is 0.
inline constexpr size_t kLanes = 8;
constexpr size_t PaddedTo(size_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// A factor exp(-((place[i] - at) * inverse)^2 / 2) * scale[i] of kernel i; where `active` is there
// and active[i] is 0: 1.
struct RealFactor {
  const double* place;
  const double* active;  // nullptr: all are
  const double* scale;
  double at;
  double inverse;
};

// A factor factors[cell[i]] of kernel i.
struct TableFactor {
  const int32_t* cell;
  const double* factors;
};

// The sum over kernels i < count of weights[i] times its factors; count is a multiple of kLanes.
// Underflow gives 0. The order of additions is fixed, so that the bits are the same with every
// instruction set.
double SumOfKernels(const double* weights, size_t count, const std::vector<RealFactor>& reals,
                    const std::vector<TableFactor>& tables);

}  // namespace caviar::sampling::tpe

#endif  // CAVIAR_SERVER_SAMPLING_TPE_LOOPS_H_
