// caviar_importance_quality: how far the shares that `caviar importance` shows are from those of
// the function itself, on histories that samplers made in simulated studies. --help says how.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "server/analysis/importance.h"
#include "server/sampling/counter_random.h"
#include "server/sampling/sampler.h"
#include "tests/bench/importance_problems.h"
#include "tests/bench/names_and_seeds.h"
#include "tests/bench/search_problems.h"
#include "tests/bench/search_simulation.h"

namespace caviar::bench {
namespace {

using analysis::TrialRecord;
using search_space::Point;
using search_space::SearchSpace;

struct Options {
  std::string file = "tests/bench/search_problems.json";
  std::vector<std::string> problems = {"sums", "mixed", "public"};
  std::vector<std::string> samplers = {"random", "tpe", "gp"};
  std::vector<int> trials = {34, 100, 300};
  std::string seeds = "0-2";
  bool shares = false;
  bool time = false;
};

using Shares = std::map<std::string, double>;

// Of the trials whose results are `history`'s first `count`.
std::vector<TrialRecord> ToRecords(const SearchSpace& space, const sampling::History& history,
                                   size_t count) {
  std::vector<TrialRecord> records;
  for (size_t i = 0; i < count; ++i) {
    TrialRecord record;
    record.number = history[i].number;
    record.state = history[i].state;
    record.parameters = space.ToConfiguration(history[i].point);
    if (record.state == v1::Trial::COMPLETED) record.objective = history[i].value;
    records.push_back(std::move(record));
  }
  return records;
}

// Shares by total effects (Jansen 1999) of the function over uniformly drawn points. It is cut as
// the room cuts histories; infeasible counts as the worst.
Shares TrueShares(const Problem& problem, const SearchSpace& space) {
  constexpr uint64_t kPoints = 8192;
  const auto dimensions = static_cast<uint64_t>(space.dimensions());
  std::vector<std::vector<double>> values(dimensions + 1);  // first at the points, then redrawn
  const auto draw = [](uint64_t point, uint64_t axis) {
    return sampling::ToUnit(sampling::RandomBits(17, point, axis));
  };
  for (uint64_t i = 0; i < kPoints; ++i) {
    Point point;
    for (uint64_t axis = 0; axis < dimensions; ++axis) point.push_back(draw(i, axis));
    values[0].push_back(problem.value(space.ToConfiguration(point)));
    for (uint64_t axis = 0; axis < dimensions; ++axis) {
      Point other = point;
      other[axis] = draw(i, axis + dimensions);
      values[axis + 1].push_back(problem.value(space.ToConfiguration(other)));
    }
  }
  std::vector<double> finite;
  std::copy_if(values[0].begin(), values[0].end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  const double cut = analysis::WorstKept(finite);
  const auto kept = [cut](double value) {
    return std::isfinite(value) ? std::min(value, cut) : cut;
  };
  std::vector<double> effects(dimensions);
  double sum = 0;
  for (size_t axis = 0; axis < dimensions; ++axis) {
    for (size_t i = 0; i < kPoints; ++i) {
      const double change = kept(values[0][i]) - kept(values[axis + 1][i]);
      effects[axis] += change * change;
    }
    sum += effects[axis];
  }
  Shares shares;
  for (size_t axis = 0; axis < dimensions; ++axis) {
    shares[space.axis(static_cast<int>(axis)).name()] = effects[axis] / sum;
  }
  return shares;
}

Shares SharesOf(const Problem& problem, const std::vector<TrialRecord>& trials) {
  v1::Study study;
  *study.mutable_parameters() = problem.parameters;
  Shares shares;
  const auto response = analysis::ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  for (const auto& parameter : response.parameters()) {
    shares[parameter.parameter()] = parameter.importance();
  }
  return shares;
}

// Mean over the parameters; a parameter without a share has 0.
double MeanError(const Shares& truth, Shares shares) {
  double sum = 0;
  for (const auto& [name, share] : truth) sum += std::abs(share - shares[name]);
  return sum / static_cast<double>(truth.size());
}

// Parameters that a study would be told to fix (server/analysis/lint_results.cc) though they count.
int CountMissed(const Shares& truth, Shares shares) {
  return static_cast<int>(std::count_if(truth.begin(), truth.end(), [&](const auto& parameter) {
    return parameter.second >= 0.05 && shares[parameter.first] < 0.01;
  }));
}

void PrintShares(const Shares& truth, Shares shares) {
  for (const auto& [name, share] : truth) {
    std::printf("    %-16s %5.1f %% of %5.1f %%\n", name.c_str(), 100 * shares[name], 100 * share);
  }
}

struct Totals {
  std::vector<double> errors;
  int parameters = 0;
  int missed = 0;
};
// By (sampler, trials).
using Errors = std::map<std::pair<std::string, int>, Totals>;

// Prints how long one answer takes, of CPU.
void MeasureTime(int dimensions, int trials) {
  v1::Study study;
  for (int i = 0; i < dimensions; ++i) {
    *study.add_parameters() = RealParameter(absl::StrCat("x", i), 0, 1);
  }
  const SearchSpace space = SearchSpace::Create(study.parameters()).value();
  std::vector<TrialRecord> records(static_cast<size_t>(trials));
  uint64_t number = 0;
  for (TrialRecord& record : records) {
    Point point;
    for (int i = 0; i < dimensions; ++i) {
      point.push_back(sampling::ToUnit(sampling::RandomBits(1, number, static_cast<uint64_t>(i))));
    }
    record.number = static_cast<int32_t>(number++);
    record.state = v1::Trial::COMPLETED;
    record.parameters = space.ToConfiguration(point);
    record.objective = point[0] * point[0] + std::sin(9 * point.back());
  }
  const std::clock_t start = std::clock();
  analysis::ComputeImportance(study, v1::Objective::MINIMIZE, records);
  std::printf("%4d parameters %6d trials: %4.0f ms\n", dimensions, trials,
              1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
}

void Measure(const Options& options, const Problem& problem, Errors& errors) {
  const SearchSpace space = SearchSpace::Create(problem.parameters).value();
  const Shares truth = TrueShares(problem, space);
  const int most = *std::max_element(options.trials.begin(), options.trials.end());
  for (const std::string& sampler : options.samplers) {
    SimulatedStudy study;
    study.trials = most;
    study.limit_is_known = false;
    const sampling::History history = Simulate(problem, SamplerOf(sampler), study).history;
    std::printf("%-14s %2u %-7s", problem.name.c_str(), problem.seed, sampler.c_str());
    for (const int trials : options.trials) {
      const size_t count = std::min(static_cast<size_t>(trials), history.size());
      const Shares shares = SharesOf(problem, ToRecords(space, history, count));
      Totals& totals = errors[{sampler, trials}];
      totals.errors.push_back(MeanError(truth, shares));
      totals.parameters += static_cast<int>(truth.size());
      totals.missed += CountMissed(truth, shares);
      std::printf(" %6.3f", totals.errors.back());
      if (options.shares) {
        std::printf("\n");
        PrintShares(truth, shares);
      }
    }
    std::printf("\n");
    std::fflush(stdout);
  }
}

// Of a group, or one problem.
std::vector<std::string> NamesOf(const std::string& wanted) {
  std::vector<std::string> own = ImportanceProblemNames();
  if (wanted == "sums") return own;
  if (std::find(own.begin(), own.end(), wanted) != own.end()) return {wanted};
  return SearchProblems::Names({wanted});
}

int Run(const Options& options) {
  if (options.time) {
    for (const int dimensions : {4, 8, 32, 100}) {
      for (const int trials : {100, 1000, 10000}) MeasureTime(dimensions, trials);
    }
    return 0;
  }
  const SearchProblems others(options.file);
  Errors errors;
  for (const std::string& wanted : options.problems) {
    for (const std::string& name : NamesOf(wanted)) {
      for (const uint32_t seed : SeedsOf(options.seeds)) {
        const auto own = MakeImportanceProblem(name, seed);
        Measure(options, own ? *own : others.Make(name, seed), errors);
      }
    }
  }
  std::printf("mean absolute error of a share; parameters below 1 %% that have 5 %% or more\n");
  for (const auto& [key, totals] : errors) {
    const double sum = std::accumulate(totals.errors.begin(), totals.errors.end(), 0.0);
    std::printf("%-7s %5d trials %6.4f %4d of %d\n", key.first.c_str(), key.second,
                sum / static_cast<double>(totals.errors.size()), totals.missed, totals.parameters);
  }
  return 0;
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  caviar::bench::Options options;
  CLI::App app("Measures the shares of importance on histories of simulated studies.");
  app.add_option("--file", options.file, "Path of search_problems.json")->capture_default_str();
  app.add_option("--problems", options.problems, "Names or groups: sums, mixed, public")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--samplers", options.samplers, "Who makes the histories")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--trials", options.trials, "After how many trials to look")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--seeds", options.seeds, "As 3, 0-9 or 0-2,7")->capture_default_str();
  app.add_flag("--shares", options.shares, "Print each share beside the true one");
  app.add_flag("--time", options.time, "Measure the CPU time of an answer instead");
  CLI11_PARSE(app, argc, argv);
  return caviar::bench::Run(options);
}
