// A problem whose trials have learning curves: a value after every epoch.
#ifndef CAVIAR_TESTS_BENCH_CURVE_PROBLEM_H_
#define CAVIAR_TESTS_BENCH_CURVE_PROBLEM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/search_space/search_space.h"

namespace caviar::bench {

struct CurveProblem {
  std::string name;
  uint32_t seed = 0;
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  int epochs = 0;
  // The least value that any configuration has after any epoch, and the median of the last values
  // of configurations drawn uniformly from the scaled space.
  double optimum = 0;
  double reference = 0;
  // Of a configuration of the space: `epochs` values, the first one after the first epoch; fewer
  // where training diverges after the last of them. Deterministic.
  std::function<std::vector<double>(const search_space::Configuration&)> curve;
  // Standard deviation of what each measurement adds.
  double noise = 0;

  // How far `value` is from the optimum, in units of what random configurations reach in the end;
  // at least 0.001, below which differences are of no interest.
  double Regret(double value) const;
};

// The median of the last values of so many configurations drawn uniformly, always the same ones;
// those that diverge are worse than all others.
double MedianOfLastValues(const CurveProblem& problem, int configurations);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CURVE_PROBLEM_H_
