// One study in a simulation: workers that take time, a sampler that they ask.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_SIMULATION_H_
#define CAVIAR_TESTS_BENCH_SEARCH_SIMULATION_H_

#include <memory>
#include <optional>
#include <vector>

#include "server/sampling/sampler.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

// How long trial `number` of a study with this seed runs: log-normal, its median is 1 and its
// logarithm's standard deviation 0.5. The same for every sampler.
double Duration(uint32_t seed, int number);

// What the measurement of that trial adds to the problem's value.
double MeasurementError(const Problem& problem, int number);

struct SearchTrace {
  // Regret of what looked best after each trial that ended, in the order of their ends. Shorter
  // than asked for where the space was used up. Infinite before the first feasible trial.
  std::vector<double> regrets;
  // CPU time of each suggestion, in milliseconds.
  std::vector<double> ask_ms;
  // All trials.
  sampling::History history;
};

struct SimulatedStudy {
  int workers = 1;
  int trials = 100;
  // Whether the sampler is told how many trials there will be.
  bool limit_is_known = true;
  // Whether it gets the variance of measurements, as of means of repeats.
  bool noise_is_known = false;
  // nullptr: none.
  std::shared_ptr<const std::vector<std::vector<sampling::Observation>>> warm_start;
};

// Each worker asks as soon as it is free, while the others' trials run. The sampler's seed is the
// problem's.
SearchTrace Simulate(const Problem& problem, const v1::Sampler& sampler,
                     const SimulatedStudy& study);

// What samplers get of an earlier study: what was COMPLETED, standardized.
std::vector<sampling::Observation> AsEarlierStudy(const sampling::History& history);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_SIMULATION_H_
