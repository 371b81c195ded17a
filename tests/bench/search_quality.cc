// caviar_search_quality: simulates studies with Caviar's samplers on problems whose optimum is
// known, and prints how near they came to it. --help says how; search_quality, the script, makes
// tables of it.

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "tests/bench/names_and_seeds.h"
#include "tests/bench/search_check.h"
#include "tests/bench/search_problems.h"
#include "tests/bench/search_report.h"
#include "tests/bench/search_server.h"
#include "tests/bench/search_simulation.h"

namespace caviar::bench {
namespace {

struct Options {
  std::string problems_file;
  std::vector<std::string> samplers = {"random"};
  std::vector<std::string> problems = {"public"};
  std::string seeds = "10-39";
  std::vector<int> workers = {1};
  int trials = 100;
  int earlier = 0;
  bool unlimited = false;
  bool known_noise = false;
  int jobs = 1;
  bool summary = false;
  bool curve = false;
  bool check = false;
  bool serve = false;
};

// With `all` replaced by those that there are.
std::vector<std::string> SamplerNames(const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    if (name != "all") {
      SamplerOf(name);
      names.push_back(name);
      continue;
    }
    for (int number = 1; number <= v1::Sampler::Algorithm_MAX; ++number) {
      if (!v1::Sampler::Algorithm_IsValid(number)) continue;
      v1::Sampler sampler;
      sampler.set_algorithm(static_cast<v1::Sampler::Algorithm>(number));
      if (!sampling::MakeSampler(sampler).ok()) continue;
      names.push_back(absl::AsciiStrToLower(v1::Sampler::Algorithm_Name(sampler.algorithm())));
    }
  }
  return names;
}

std::vector<Cell> CellsOf(const Options& options) {
  std::vector<Cell> cells;
  for (const std::string& sampler : SamplerNames(options.samplers)) {
    for (const int workers : options.workers) {
      for (const std::string& problem : SearchProblems::Names(options.problems)) {
        for (const uint32_t seed : SeedsOf(options.seeds)) {
          cells.push_back({sampler, workers, problem, seed});
        }
      }
    }
  }
  return cells;
}

// All cells, on so many threads. CSV lines come in the cells' order, as soon as they can.
class Runner {
 public:
  Runner(const Options& options, std::vector<Cell> cells)
      : options_(options), cells_(std::move(cells)), traces_(cells_.size()), done_(cells_.size()) {}

  std::vector<SearchTrace> Run() {
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.jobs; ++i) threads.emplace_back([this] { Work(); });
    Work();
    for (std::thread& thread : threads) thread.join();
    return std::move(traces_);
  }

 private:
  void Work() {
    const SearchProblems problems(options_.problems_file);
    for (size_t i = next_++; i < cells_.size(); i = next_++) {
      const Cell& cell = cells_[i];
      const Problem problem = problems.Make(cell.problem, cell.seed);
      SearchTrace trace = Simulate(problem, SamplerOf(cell.algorithm), StudyOf(problems, cell));
      const std::lock_guard lock(mutex_);
      traces_[i] = std::move(trace);
      done_[i] = true;
      PrintReady();
    }
  }

  SimulatedStudy StudyOf(const SearchProblems& problems, const Cell& cell) const {
    SimulatedStudy study{cell.workers, options_.trials, !options_.unlimited, options_.known_noise,
                         nullptr};
    if (options_.earlier == 0) return study;
    const Problem other = problems.Make(cell.problem, cell.seed ^ 1);
    SimulatedStudy before;
    before.trials = options_.earlier;
    const SearchTrace earlier = Simulate(other, SamplerOf(cell.algorithm), before);
    study.warm_start = std::make_shared<const std::vector<std::vector<sampling::Observation>>>(
        1, AsEarlierStudy(earlier.history));
    return study;
  }

  void PrintReady() {
    if (options_.summary) return;
    for (; printed_ < cells_.size() && done_[printed_]; ++printed_) {
      std::puts(
          CsvLine(cells_[printed_], traces_[printed_], options_.trials, options_.curve).c_str());
    }
    std::fflush(stdout);
  }

  const Options& options_;
  const std::vector<Cell> cells_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;  // guards what follows
  std::vector<SearchTrace> traces_;
  std::vector<bool> done_;
  size_t printed_ = 0;
};

int Check(const Options& options) {
  const SearchProblems problems(options.problems_file);
  int wrong = 0;
  for (const std::string& name : SearchProblems::Names(options.problems)) {
    for (const uint32_t seed : SeedsOf(options.seeds)) {
      const std::string error = CheckProblem(problems.Make(name, seed));
      if (error.empty()) continue;
      std::fprintf(stderr, "%s\n", error.c_str());
      ++wrong;
    }
  }
  return wrong == 0 ? 0 : 1;
}

int Main(const Options& options) {
  if (options.check) return Check(options);
  if (options.serve) {
    Serve(SearchProblems(options.problems_file));
    return 0;
  }
  const std::vector<Cell> cells = CellsOf(options);
  if (!options.summary) std::puts(CsvHeader(options.trials, options.curve).c_str());
  const std::vector<SearchTrace> traces = Runner(options, cells).Run();
  if (options.summary) std::fputs(Summary(cells, traces).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  caviar::bench::Options options;
  CLI::App app("Simulates studies and prints their regret as CSV.", "caviar_search_quality");
  app.add_option("--problems", options.problems_file, "search_problems.json")->required();
  app.add_option("--sampler", options.samplers, "random,sobol,... or all that there are")
      ->delimiter(',');
  app.add_option("--problem", options.problems,
                 "names, or public (the default), mixed, constrained, models, all")
      ->delimiter(',');
  app.add_option("--seeds", options.seeds, "such as 10-39 (the default), 0-9,20");
  app.add_option("--workers", options.workers, "1,8")->delimiter(',')->check(CLI::Range(1, 10000));
  app.add_option("--trials", options.trials, "in each study")->check(CLI::Range(4, 1000000));
  app.add_option("--earlier", options.earlier,
                 "trials of an earlier study, on the problem of the seed whose last bit differs, "
                 "from which each study starts (default: 0)")
      ->check(CLI::Range(0, 1000000));
  app.add_flag("--unlimited", options.unlimited, "do not tell samplers how many trials there are");
  app.add_flag("--known-noise", options.known_noise,
               "tell samplers the variance of measurements, as of means of repeats");
  app.add_option("--jobs", options.jobs, "threads, each with a study of its own")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--summary", options.summary, "print a table of means in place of CSV");
  app.add_flag("--curve", options.curve, "add a column: regret after each trial");
  app.add_flag("--check", options.check, "see whether the problems are what they are said to be");
  app.add_flag("--serve", options.serve, "answer another program's questions");
  CLI11_PARSE(app, argc, argv);
  return caviar::bench::Main(options);
}
