// What came of many simulated studies, as text.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_REPORT_H_
#define CAVIAR_TESTS_BENCH_SEARCH_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/search_simulation.h"

namespace caviar::bench {

struct Cell {
  std::string algorithm;
  int workers = 1;
  std::string problem;
  uint32_t seed = 0;
};

// The first line: names of columns. Regret after a quarter, half and all of the trials; CPU
// milliseconds an ask, the mean of all and of the last ten; with `curve`, regret after each trial.
std::string CsvHeader(int trials, bool curve);
std::string CsvLine(const Cell& cell, const SearchTrace& trace, int trials, bool curve);

// For each algorithm and number of workers: the geometric mean of the last regret over the seeds of
// a problem, over the problems, the arithmetic mean over all, and milliseconds an ask.
std::string Summary(const std::vector<Cell>& cells, const std::vector<SearchTrace>& traces);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_REPORT_H_
