// What came of many simulated studies with learning curves, as text.
#ifndef CAVIAR_TESTS_BENCH_CURVE_REPORT_H_
#define CAVIAR_TESTS_BENCH_CURVE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/curve_simulation.h"

namespace caviar::bench {

struct CurveCell {
  std::string sampler;
  std::string pruner;
  std::string problem;
  uint32_t seed = 0;
};

struct CurveResult {
  CurveTrace trace;
  // The share of the clock after which the regret is at most what random full trainings have at
  // their end in the same cell; infinite: never.
  double reached = 0;
};

// Shares of the clock at which regrets are compared.
inline constexpr double kShares[] = {0.1, 0.25, 0.5, 1.0};

double RegretAt(const CurveTrace& trace, double share);
double ShareToReach(const CurveTrace& trace, double regret);

std::string CurveCsvHeader();
std::string CurveCsvLine(const CurveCell& cell, const CurveResult& result);

// A line for each sampler with each pruner: the geometric mean of the regret over the seeds of a
// problem, then over the problems, at each share; the median of the shares to reach random's, and
// how many cells never did; beside the same sampler with pruner "none", where that was run, the
// ratio of regrets at the end, its geometric mean over the cells and the upper end of its 90 %
// interval (of the paired differences of logarithms: mean + 1.645 standard errors); trials a cell,
// and milliseconds an ask.
std::string CurveSummary(const std::vector<CurveCell>& cells,
                         const std::vector<CurveResult>& results);

// For each problem and each sampler with each pruner: the geometric mean of the regret over the
// seeds at the end, and the median of the shares to reach random's.
std::string CurveProblemTable(const std::vector<CurveCell>& cells,
                              const std::vector<CurveResult>& results);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CURVE_REPORT_H_
