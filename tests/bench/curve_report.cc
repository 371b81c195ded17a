#include "tests/bench/curve_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace caviar::bench {
namespace {

// Of the normal distribution: 90 % lie within so many standard deviations.
constexpr double kNinety = 1.645;

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The upper one of two.
double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <typename T>
void AddNew(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

using Row = std::pair<std::string, std::string>;

Row RowOf(const CurveCell& cell) { return {cell.sampler, cell.pruner}; }

struct Table {
  Table(const std::vector<CurveCell>& all_cells, const std::vector<CurveResult>& all_results)
      : cells(all_cells), results(all_results) {
    for (const CurveCell& cell : cells) {
      AddNew(problems, cell.problem);
      AddNew(rows, RowOf(cell));
    }
  }

  // Places of the cells; an empty name stands for all problems.
  std::vector<size_t> Of(const Row& row, const std::string& problem) const {
    std::vector<size_t> places;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (RowOf(cells[i]) != row || (!problem.empty() && cells[i].problem != problem)) continue;
      places.push_back(i);
    }
    return places;
  }

  double LogRegret(const Row& row, const std::string& problem, double share) const {
    std::vector<double> logs;
    for (const size_t i : Of(row, problem)) {
      logs.push_back(std::log(RegretAt(results[i].trace, share)));
    }
    return Mean(logs);
  }

  double MedianReached(const Row& row, const std::string& problem) const {
    std::vector<double> reached;
    for (const size_t i : Of(row, problem)) reached.push_back(results[i].reached);
    return Median(reached);
  }

  const std::vector<CurveCell>& cells;
  const std::vector<CurveResult>& results;
  std::vector<std::string> problems;
  std::vector<Row> rows;
};

// Beside the same sampler without pruner: "ratio upper"; blank where that was not run.
std::string Paired(const Table& table, const Row& row) {
  const Row plain = {row.first, "none"};
  const std::vector<size_t> own = table.Of(row, ""), others = table.Of(plain, "");
  if (row == plain || others.size() != own.size()) return absl::StrFormat("%8s %8s", "", "");
  std::vector<double> differences;
  for (size_t k = 0; k < own.size(); ++k) {
    differences.push_back(std::log(RegretAt(table.results[own[k]].trace, 1)) -
                          std::log(RegretAt(table.results[others[k]].trace, 1)));
  }
  const double mean = Mean(differences);
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  const auto n = static_cast<double>(differences.size());
  const double error = std::sqrt(squares / std::max(n - 1, 1.0) / n);
  return absl::StrFormat("%8.3f %8.3f", std::exp(mean), std::exp(mean + kNinety * error));
}

}  // namespace

double RegretAt(const CurveTrace& trace, double share) {
  const auto unit = static_cast<size_t>(share * static_cast<double>(trace.regrets.size()));
  return trace.regrets[std::max<size_t>(unit, 1) - 1];
}

double ShareToReach(const CurveTrace& trace, double regret) {
  for (size_t i = 0; i < trace.regrets.size(); ++i) {
    if (trace.regrets[i] <= regret) {
      return static_cast<double>(i + 1) / static_cast<double>(trace.regrets.size());
    }
  }
  return INFINITY;
}

std::string CurveCsvHeader() {
  return "sampler,pruner,problem,seed,regret_10,regret_25,regret_50,regret_100,reached,trials,"
         "completed,ask_ms";
}

std::string CurveCsvLine(const CurveCell& cell, const CurveResult& result) {
  std::string line =
      absl::StrCat(cell.sampler, ",", cell.pruner, ",", cell.problem, ",", cell.seed);
  for (const double share : kShares) {
    absl::StrAppendFormat(&line, ",%.5g", RegretAt(result.trace, share));
  }
  absl::StrAppendFormat(&line, ",%.4g,%d,%d,%.4g", result.reached, result.trace.trials,
                        result.trace.completed, Mean(result.trace.ask_ms));
  return line;
}

std::string CurveSummary(const std::vector<CurveCell>& cells,
                         const std::vector<CurveResult>& results) {
  const Table table(cells, results);
  std::string text = absl::StrFormat("%-14s %-20s", "sampler", "pruner");
  for (const double share : kShares) {
    absl::StrAppendFormat(&text, " %7s", absl::StrFormat("%.0f %%", 100 * share));
  }
  absl::StrAppendFormat(&text, " %8s %9s %8s %8s %7s %7s\n", "reached", "never", "ratio", "upper",
                        "trials", "ms");
  for (const Row& row : table.rows) {
    absl::StrAppendFormat(&text, "%-14s %-20s", row.first, row.second);
    for (const double share : kShares) {
      std::vector<double> logs;
      for (const std::string& problem : table.problems) {
        logs.push_back(table.LogRegret(row, problem, share));
      }
      absl::StrAppendFormat(&text, " %7.4f", std::exp(Mean(logs)));
    }
    const std::vector<size_t> places = table.Of(row, "");
    size_t never = 0;
    std::vector<double> trials, ask;
    for (const size_t i : places) {
      never += std::isinf(results[i].reached) ? 1 : 0;
      trials.push_back(results[i].trace.trials);
      ask.push_back(Mean(results[i].trace.ask_ms));
    }
    absl::StrAppendFormat(&text, " %8.3f %9s %s %7.0f %7.2f\n", table.MedianReached(row, ""),
                          absl::StrCat(never, "/", places.size()), Paired(table, row), Mean(trials),
                          Mean(ask));
  }
  return text;
}

std::string CurveProblemTable(const std::vector<CurveCell>& cells,
                              const std::vector<CurveResult>& results) {
  const Table table(cells, results);
  std::string text;
  for (const std::string& problem : table.problems) {
    for (const Row& row : table.rows) {
      absl::StrAppendFormat(&text, "%-24s %-14s %-20s %8.4f %8.3f\n", problem, row.first,
                            row.second, std::exp(table.LogRegret(row, problem, 1)),
                            table.MedianReached(row, problem));
    }
  }
  return text;
}

}  // namespace caviar::bench
