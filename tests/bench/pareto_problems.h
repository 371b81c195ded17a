// Problems with several objectives or with constraints, all to minimize, of which the best
// hypervolume is known.
#ifndef CAVIAR_TESTS_BENCH_PARETO_PROBLEMS_H_
#define CAVIAR_TESTS_BENCH_PARETO_PROBLEMS_H_

#include <functional>
#include <string>
#include <vector>

namespace caviar::bench {

struct ParetoOutcome {
  std::vector<double> objectives;
  std::vector<double> excesses;  // <= 0: the constraint is kept
};

struct ParetoProblem {
  std::string name;
  int dimensions = 0;
  std::function<ParetoOutcome(const std::vector<double>& unit)> evaluate;  // of a point of [0, 1]^d
  std::vector<double> reference;                                           // one an objective
  double best_hypervolume = 0;                                             // below the reference

  // The share of the best hypervolume that these feasible outcomes do not dominate; at least 1e-4,
  // below which differences are of no interest.
  double Missing(const std::vector<std::vector<double>>& objectives) const;
};

const std::vector<ParetoProblem>& ParetoProblems();

// Ends the program where there is none of that name.
const ParetoProblem& ParetoProblemOf(const std::string& name);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_PARETO_PROBLEMS_H_
