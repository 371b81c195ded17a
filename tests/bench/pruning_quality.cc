// caviar_pruning_quality: simulates studies with Caviar's samplers and pruners on problems with
// learning curves, and prints how near they came to the optimum, and how soon. --help says how;
// pruning_quality, the script, makes tables of it.

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/bench/crossing_curves.h"
#include "tests/bench/curve_report.h"
#include "tests/bench/names_and_seeds.h"
#include "tests/bench/search_problems.h"
#include "tests/bench/table_curves.h"

namespace caviar::bench {
namespace {

constexpr const char* kTable = "fashion_mnist";

struct Options {
  std::string problems_file;
  std::vector<std::string> samplers = {"auto"};
  std::vector<std::string> pruners = {"none", "asha"};
  std::vector<std::string> problems = {"all"};
  std::string seeds = "10-19";
  int workers = 8;
  int jobs = 1;
  bool summary = false;
};

// "asha", "asha:mode=promote:grace=1:eta=4".
v1::Pruner PrunerOf(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  v1::Pruner pruner;
  v1::Pruner::Algorithm algorithm;
  if (!v1::Pruner::Algorithm_Parse(absl::AsciiStrToUpper(parts[0]), &algorithm)) {
    Fail("there is no pruner " + parts[0]);
  }
  pruner.set_algorithm(algorithm);
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::vector<std::string> field = absl::StrSplit(parts[i], '=');
    int number = 0;
    v1::Pruner::Mode mode;
    if (field.size() == 2 && field[0] == "mode" &&
        v1::Pruner::Mode_Parse(absl::AsciiStrToUpper(field[1]), &mode)) {
      pruner.set_mode(mode);
    } else if (field.size() == 2 && absl::SimpleAtoi(field[1], &number) && number > 0 &&
               (field[0] == "grace" || field[0] == "eta")) {
      field[0] == "eta" ? pruner.set_eta(number) : pruner.set_grace(number);
    } else {
      Fail("a pruner is like asha:mode=promote:grace=1:eta=3, not " + text);
    }
  }
  return pruner;
}

std::vector<std::string> ProblemNames(const std::vector<std::string>& wanted) {
  std::vector<std::string> known = CrossingCurveNames();
  known.push_back(kTable);
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    const size_t before = names.size();
    for (const std::string& problem : known) {
      const bool crossing = problem != kTable;
      const bool noisy = problem.ends_with("_noisy");
      if (name == "all" || name == problem || (name == "crossing" && crossing && !noisy) ||
          (name == "noisy" && noisy)) {
        names.push_back(problem);
      }
    }
    if (names.size() == before) Fail("there is no problem " + name);
  }
  return names;
}

// Used by one thread at a time.
class CurveProblems {
 public:
  explicit CurveProblems(const std::string& file)
      : functions_(file),
        table_(ReadCurveTable(std::filesystem::absolute(file).parent_path() /
                              "learning_curves.jsonl")) {}

  CurveProblem Make(const std::string& name, uint32_t seed) const {
    if (const auto function = CrossingCurveFunction(name)) {
      return MakeCrossingCurves(name, functions_.Make(*function, seed));
    }
    return MakeTableCurves(table_, seed);
  }

 private:
  SearchProblems functions_;
  std::shared_ptr<const CurveTable> table_;
};

// All cells, on so many threads. CSV lines come in the cells' order, as soon as they can.
class Runner {
 public:
  Runner(const Options& options, std::vector<CurveCell> cells)
      : options_(options),
        cells_(std::move(cells)),
        results_(cells_.size()),
        done_(cells_.size()) {}

  std::vector<CurveResult> Run() {
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.jobs; ++i) threads.emplace_back([this] { Work(); });
    Work();
    for (std::thread& thread : threads) thread.join();
    return std::move(results_);
  }

 private:
  void Work() {
    const CurveProblems problems(options_.problems_file);
    for (size_t i = next_++; i < cells_.size(); i = next_++) {
      const CurveCell& cell = cells_[i];
      const CurveProblem problem = problems.Make(cell.problem, cell.seed);
      CurveResult result;
      result.trace =
          SimulateCurves(problem, SamplerOf(cell.sampler), PrunerOf(cell.pruner), options_.workers);
      const CurveTrace full =
          SimulateCurves(problem, SamplerOf("random"), PrunerOf("none"), options_.workers);
      result.reached = ShareToReach(result.trace, RegretAt(full, 1));
      const std::lock_guard lock(mutex_);
      results_[i] = std::move(result);
      done_[i] = true;
      PrintReady();
    }
  }

  void PrintReady() {
    if (options_.summary) return;
    for (; printed_ < cells_.size() && done_[printed_]; ++printed_) {
      std::puts(CurveCsvLine(cells_[printed_], results_[printed_]).c_str());
    }
    std::fflush(stdout);
  }

  const Options& options_;
  const std::vector<CurveCell> cells_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;  // guards what follows
  std::vector<CurveResult> results_;
  std::vector<bool> done_;
  size_t printed_ = 0;
};

void Main(const Options& options) {
  std::vector<CurveCell> cells;
  for (const std::string& sampler : options.samplers) {
    SamplerOf(sampler);
    for (const std::string& pruner : options.pruners) {
      PrunerOf(pruner);
      for (const std::string& problem : ProblemNames(options.problems)) {
        for (const uint32_t seed : SeedsOf(options.seeds)) {
          cells.push_back({sampler, pruner, problem, seed});
        }
      }
    }
  }
  if (!options.summary) std::puts(CurveCsvHeader().c_str());
  const std::vector<CurveResult> results = Runner(options, cells).Run();
  if (!options.summary) return;
  std::fputs(CurveSummary(cells, results).c_str(), stdout);
  std::puts("");
  std::fputs(CurveProblemTable(cells, results).c_str(), stdout);
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  caviar::bench::Options options;
  CLI::App app("Simulates studies with learning curves and prints their regret as CSV.",
               "caviar_pruning_quality");
  app.add_option("--problems", options.problems_file,
                 "search_problems.json; learning_curves.jsonl lies beside it")
      ->required();
  app.add_option("--sampler", options.samplers, "auto (the default), random, tpe, ...")
      ->delimiter(',');
  app.add_option("--pruner", options.pruners,
                 "none, asha, hyperband:eta=4, asha:mode=promote:grace=1, ...")
      ->delimiter(',');
  app.add_option("--problem", options.problems,
                 "names, or crossing, noisy, fashion_mnist, all (the default)")
      ->delimiter(',');
  app.add_option("--seeds", options.seeds, "such as 10-19 (the default), 0-9,20");
  app.add_option("--workers", options.workers)->check(CLI::Range(1, 30));
  app.add_option("--jobs", options.jobs, "threads, each with a study of its own")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--summary", options.summary, "print tables of means in place of CSV");
  CLI11_PARSE(app, argc, argv);
  caviar::bench::Main(options);
  return 0;
}
