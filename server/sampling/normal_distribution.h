// The standard normal distribution, and its part on an interval. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_NORMAL_DISTRIBUTION_H_
#define CAVIAR_SERVER_SAMPLING_NORMAL_DISTRIBUTION_H_

namespace caviar::sampling {

// Probability of a value below x.
double NormalCdf(double x);

// Probability of a value between low and high >= low; exact in the tails too.
double NormalMass(double low, double high);

// The value below which lies `probability`; it is clamped to [1e-300, 1 - 2^-53]. Error below 1e-9
// (Acklam's rational approximation with one step of Halley's method).
double NormalQuantile(double probability);

// What `uniform` in [0, 1] becomes on the normal distribution around `mean` with deviation `sigma`
// > 0, cut to [low, high]: the inverse of its distribution function.
double TruncatedNormal(double uniform, double mean, double sigma, double low, double high);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_NORMAL_DISTRIBUTION_H_
