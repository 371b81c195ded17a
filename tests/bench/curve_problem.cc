#include "tests/bench/curve_problem.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/random_sampler.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {
namespace {

// Not one of the seeds that studies have.
constexpr uint32_t kMedianSeed = 0xffffffff;
constexpr double kFloor = 1e-3;

}  // namespace

double CurveProblem::Regret(double value) const {
  if (!std::isfinite(value)) return value;
  return std::max(kFloor, (value - optimum) / (reference - optimum));
}

double MedianOfLastValues(const CurveProblem& problem, int configurations) {
  const auto space = search_space::SearchSpace::Create(problem.parameters);
  if (!space.ok()) Fail(problem.name + ": " + std::string(space.status().message()));
  std::vector<double> values;
  for (int i = 0; i < configurations; ++i) {
    const auto point =
        sampling::RandomPoint(kMedianSeed, static_cast<uint32_t>(i), space->dimensions());
    const std::vector<double> curve = problem.curve(space->ToConfiguration(point));
    const bool diverged = curve.size() < static_cast<size_t>(problem.epochs);
    values.push_back(diverged ? INFINITY : curve.back());
  }
  const auto middle = values.begin() + configurations / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace caviar::bench
