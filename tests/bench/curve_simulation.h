// One study with a pruner in a simulation: workers that train epoch by epoch.
#ifndef CAVIAR_TESTS_BENCH_CURVE_SIMULATION_H_
#define CAVIAR_TESTS_BENCH_CURVE_SIMULATION_H_

#include <vector>

#include "caviar/v1/study.pb.h"
#include "tests/bench/curve_problem.h"

namespace caviar::bench {

struct CurveTrace {
  // Regret of what looked best after each unit of the clock. Infinite before the first value.
  std::vector<double> regrets;
  int trials = 0;     // begun
  int completed = 0;  // trained to their end
  // CPU time of each suggestion, in milliseconds.
  std::vector<double> ask_ms;
};

// What measurement `epoch` of a trial adds to its value.
double CurveNoise(const CurveProblem& problem, int number, int epoch);

// The clock of a study: one epoch is one unit, and it runs for 30 full trainings divided by the
// workers.
int ClockOf(const CurveProblem& problem, int workers);

// The sampler and the pruner are the coordinator's, and see what they see there: each epoch of each
// worker in turn is measured and decided about at once; a worker that gets free is given the
// promotion that is due, else a new trial; trials that run or are paused are pending, with their
// values at the rungs; what is final is in the history, PRUNED trials too. What becomes infeasible
// ends its trial where its curve ends. The sampler's seed is the problem's. Where the space is used
// up, workers stay idle.
CurveTrace SimulateCurves(const CurveProblem& problem, const v1::Sampler& sampler,
                          const v1::Pruner& pruner, int workers);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CURVE_SIMULATION_H_
