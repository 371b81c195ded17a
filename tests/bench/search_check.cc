#include "tests/bench/search_check.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "server/sampling/random_sampler.h"

namespace caviar::bench {
namespace {

bool KeepsConstraints(const Problem& problem, const search_space::Configuration& configuration) {
  if (!problem.excesses) return true;
  const std::vector<double> excesses = problem.excesses(configuration);
  return std::all_of(excesses.begin(), excesses.end(), [](double excess) { return excess <= 0; });
}

}  // namespace

std::string CheckProblem(const Problem& problem) {
  const double unit = problem.reference - problem.optimum;
  const std::string where = absl::StrFormat("%s, seed %d: ", problem.name, problem.seed);
  if (!(unit > 0)) return where + "its reference is not above its optimum";
  if (!problem.best.empty()) {
    const auto space = search_space::SearchSpace::Create(problem.parameters);
    if (!space.ok()) return where + std::string(space.status().message());
    const auto point = space->ToPoint(problem.best);
    if (!point.ok()) return where + std::string(point.status().message());
    const double value = problem.value(problem.best);
    if (!(std::abs(value - problem.optimum) < 1e-5 * unit)) {
      return where + absl::StrFormat("at its optimum it is %.9g, not %.9g", value, problem.optimum);
    }
    if (!KeepsConstraints(problem, problem.best)) return where + "its optimum breaks a constraint";
    for (uint32_t i = 0; i < 2000; ++i) {
      const auto configuration =
          space->ToConfiguration(sampling::RandomPoint(problem.seed, i, space->dimensions()));
      if (!KeepsConstraints(problem, configuration)) continue;
      const double other = problem.value(configuration);
      if (other < problem.optimum - 1e-9 * unit) {
        return where + absl::StrFormat("it falls to %.9g, below its optimum", other);
      }
    }
  }
  // Both medians are of some thousand points; for the widest distributions here that is 8 %. Models
  // take long to train.
  const double median = MedianOfRandomPoints(problem, problem.best.empty() ? 1001 : 8001);
  if (!(std::abs((median - problem.optimum) / unit - 1) < 0.08)) {
    return where + absl::StrFormat("the median is %.9g, not %.9g", median, problem.reference);
  }
  return "";
}

}  // namespace caviar::bench
