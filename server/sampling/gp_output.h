// What the Gaussian process sees of the objective: its values, warped.
#ifndef CAVIAR_SERVER_SAMPLING_GP_OUTPUT_H_
#define CAVIAR_SERVER_SAMPLING_GP_OUTPUT_H_

#include <vector>

namespace caviar::sampling::gp {

// A trial's outcome: a finite value, lower is better, or none.
struct Outcome {
  double value = 0;
  bool infeasible = false;
  double variance = 0;  // of `value`, as a mean of repeats; 0: not known
};

// What infeasible outcomes are among warped ones.
inline constexpr double kInfeasible = 0.7;

// Outcomes as numbers in [-0.5, 0.5] (infeasible ones 0.7), the best -0.5, in the same order. What
// is worse than the median is replaced by its rank: the normal quantile of it, in units of the
// better half's root mean square distance from the median, so that no bad value however large hides
// differences among good ones. Then a logarithm stretches the good end. (The output warpers of OSS
// Vizier: Song et al. 2024, "The Vizier Gaussian process bandit algorithm", section 3.2.)
// Zeros where all feasible values are equal.
std::vector<double> WarpOutputs(const std::vector<Outcome>& outcomes);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_OUTPUT_H_
