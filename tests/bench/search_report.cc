#include "tests/bench/search_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace caviar::bench {
namespace {

// After so many trials; after the last one where there were fewer.
double RegretAfter(const SearchTrace& trace, int trials) {
  if (trace.regrets.empty()) return INFINITY;
  const auto last = std::min(static_cast<size_t>(trials), trace.regrets.size());
  return trace.regrets[std::max<size_t>(last, 1) - 1];
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double LastAsks(const SearchTrace& trace) {
  const size_t count = std::min<size_t>(10, trace.ask_ms.size());
  return Mean({trace.ask_ms.end() - static_cast<ptrdiff_t>(count), trace.ask_ms.end()});
}

double GeometricMean(const std::vector<double>& values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return std::exp(Mean(logs));
}

template <typename T>
void AddNew(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

std::string CsvHeader(int trials, bool curve) {
  return absl::StrCat("algorithm,workers,problem,seed,regret_", std::max(trials / 4, 1), ",regret_",
                      std::max(trials / 2, 1), ",regret_", trials, ",ask_ms,last_ask_ms",
                      curve ? ",curve" : "");
}

std::string CsvLine(const Cell& cell, const SearchTrace& trace, int trials, bool curve) {
  const auto regret = [&](int after) { return absl::StrFormat("%.5g", RegretAfter(trace, after)); };
  std::string line =
      absl::StrCat(cell.algorithm, ",", cell.workers, ",", cell.problem, ",", cell.seed, ",",
                   regret(trials / 4), ",", regret(trials / 2), ",", regret(trials),
                   absl::StrFormat(",%.4g,%.4g", Mean(trace.ask_ms), LastAsks(trace)));
  if (curve) {
    absl::StrAppend(&line, ",",
                    absl::StrJoin(trace.regrets, " ", [](std::string* out, double value) {
                      absl::StrAppendFormat(out, "%.4g", value);
                    }));
  }
  return line;
}

std::string Summary(const std::vector<Cell>& cells, const std::vector<SearchTrace>& traces) {
  std::vector<std::string> problems;
  std::vector<std::pair<std::string, int>> rows;
  for (const Cell& cell : cells) {
    AddNew(problems, cell.problem);
    AddNew(rows, {cell.algorithm, cell.workers});
  }
  std::string text = absl::StrFormat("%-14s %7s", "algorithm", "workers");
  for (const std::string& problem : problems) absl::StrAppendFormat(&text, " %13s", problem);
  absl::StrAppendFormat(&text, " %9s %9s %8s %8s\n", "all", "mean", "ms", "last ms");
  for (const auto& row : rows) {
    absl::StrAppendFormat(&text, "%-14s %7d", row.first, row.second);
    std::vector<double> by_problem, all, ask, last;
    for (const std::string& problem : problems) {
      std::vector<double> regrets;
      for (size_t i = 0; i < cells.size(); ++i) {
        if (std::pair(cells[i].algorithm, cells[i].workers) != row) continue;
        if (cells[i].problem != problem) continue;
        regrets.push_back(traces[i].regrets.empty() ? INFINITY : traces[i].regrets.back());
        ask.push_back(Mean(traces[i].ask_ms));
        last.push_back(LastAsks(traces[i]));
      }
      by_problem.push_back(GeometricMean(regrets));
      all.insert(all.end(), regrets.begin(), regrets.end());
      absl::StrAppendFormat(&text, " %13.4f", by_problem.back());
    }
    absl::StrAppendFormat(&text, " %9.4f %9.4f %8.3f %8.3f\n", GeometricMean(by_problem), Mean(all),
                          Mean(ask), Mean(last));
  }
  return text;
}

}  // namespace caviar::bench
