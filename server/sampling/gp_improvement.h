// Expected improvement, to full relative precision far out in the normal distribution's tails.
#ifndef CAVIAR_SERVER_SAMPLING_GP_IMPROVEMENT_H_
#define CAVIAR_SERVER_SAMPLING_GP_IMPROVEMENT_H_

namespace caviar::sampling::gp {

// log of h(z) = φ(z) + z·Φ(z), the expected improvement of a normal variable in units of its
// standard deviation, where z is how far the best is above the mean; and φ(z)/h(z), Φ(z)/h(z).
// Formulas of Ament et al. 2023, "Unexpected improvements to expected improvement", equation 9.
struct LogImprovement {
  double log_h;
  double density_ratio;
  double distribution_ratio;
};
LogImprovement LogOfImprovement(double z);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_IMPROVEMENT_H_
