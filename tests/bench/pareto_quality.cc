// caviar_pareto_quality: simulates studies with several objectives, and prints how much of the best
// hypervolume they miss. --help says how; pareto_quality, the script, makes a table of it.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/sampling/sampler.h"
#include "tests/bench/pareto_problems.h"
#include "tests/bench/search_problem.h"
#include "tests/bench/search_simulation.h"

namespace caviar::bench {
namespace {

using nlohmann::json;

struct Options {
  std::vector<std::string> samplers = {"random", "gp"};
  std::vector<std::string> problems;  // empty: all
  std::vector<int> workers = {1};
  int first_seed = 0;
  int seeds = 5;
  int trials = 60;
  bool serve = false;
};

// Outcomes of one study, and the missing share after each.
class Front {
 public:
  explicit Front(const ParetoProblem& problem) : problem_(problem) {}

  void Add(const ParetoOutcome& outcome) {
    const auto is_kept = [](double excess) { return excess <= 0; };
    if (std::all_of(outcome.excesses.begin(), outcome.excesses.end(), is_kept)) {
      feasible_.push_back(outcome.objectives);
    }
    missing_.push_back(problem_.Missing(feasible_));
  }
  const std::vector<double>& missing() const { return missing_; }

 private:
  const ParetoProblem& problem_;
  std::vector<std::vector<double>> feasible_;
  std::vector<double> missing_;
};

double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// As in search_simulation.h: a free worker asks while the others' trials run.
class Study {
 public:
  Study(const ParetoProblem& problem, std::unique_ptr<sampling::Sampler> sampler, uint32_t seed,
        int workers, int trials)
      : problem_(problem), sampler_(std::move(sampler)), front_(problem) {
    google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
    for (int i = 0; i < problem.dimensions; ++i) {
      *parameters.Add() = RealParameter(absl::StrCat("x", i), 0, 1);
    }
    space_ = std::make_unique<search_space::SearchSpace>(
        search_space::SearchSpace::Create(parameters).value());
    input_.seed = seed;
    input_.max_trials = trials;
    input_.parallel = workers;
    while (workers-- > 0) Start(0);
    while (!running_.empty()) {
      const auto [time, number] = *running_.begin();
      running_.erase(running_.begin());
      Finish(number);
      Start(time);
    }
  }

  const std::vector<double>& missing() const { return front_.missing(); }
  double ask_ms() const { return ask_ms_ / input_.number; }

 private:
  void Start(double now) {
    if (input_.number == *input_.max_trials) return;
    input_.pending.clear();
    for (const auto& [number, point] : points_) input_.pending.push_back({point, {}});
    const double before = CpuMs();
    const auto configuration = sampling::Suggest(*sampler_, *space_, input_);
    ask_ms_ += CpuMs() - before;
    points_[input_.number] = space_->ToPoint(configuration.value()).value();
    running_.insert({now + Duration(input_.seed, input_.number), input_.number});
    ++input_.number;
  }

  void Finish(int number) {
    const auto point = points_.extract(number);
    const ParetoOutcome outcome = problem_.evaluate(point.mapped());
    sampling::Observation observation;
    observation.number = number;
    observation.point = point.mapped();
    observation.value = outcome.objectives[0];
    observation.more_values.assign(outcome.objectives.begin() + 1, outcome.objectives.end());
    observation.excesses = outcome.excesses;
    input_.history.Add(std::move(observation));
    front_.Add(outcome);
  }

  const ParetoProblem& problem_;
  std::unique_ptr<search_space::SearchSpace> space_;
  std::unique_ptr<sampling::Sampler> sampler_;
  sampling::SamplerInput input_;
  std::map<int, search_space::Point> points_;  // of running trials, by number
  std::set<std::pair<double, int>> running_;   // when it ends, number
  Front front_;
  double ask_ms_ = 0;
};

std::unique_ptr<sampling::Sampler> SamplerOf(const std::string& name) {
  v1::Sampler definition;
  v1::Sampler::Algorithm algorithm;
  if (!v1::Sampler::Algorithm_Parse(absl::AsciiStrToUpper(name), &algorithm)) {
    Fail("there is no sampler " + name);
  }
  definition.set_algorithm(algorithm);
  auto sampler = sampling::MakeSampler(definition);
  if (!sampler.ok()) Fail(std::string(sampler.status().message()));
  return *std::move(sampler);
}

void Measure(const Options& options) {
  std::puts("sampler,workers,problem,seed,third,two_thirds,end,ask_ms");
  for (const std::string& name : options.samplers) {
    for (const int workers : options.workers) {
      for (const std::string& problem : options.problems) {
        for (int seed = options.first_seed; seed < options.first_seed + options.seeds; ++seed) {
          const Study study(ParetoProblemOf(problem), SamplerOf(name), static_cast<uint32_t>(seed),
                            workers, options.trials);
          const auto after = [&](int thirds) {
            return study.missing()[static_cast<size_t>(options.trials * thirds / 3 - 1)];
          };
          std::printf("%s,%d,%s,%d,%.5f,%.5f,%.5f,%.2f\n", name.c_str(), workers, problem.c_str(),
                      seed, after(1), after(2), after(3), study.ask_ms());
          std::fflush(stdout);
        }
      }
    }
  }
}

// Answers another program's lines of JSON: {"problem": name} begins a study, {"point": [...]} is a
// trial, {"missing": true} asks for the shares after each trial.
void Serve() {
  const ParetoProblem* problem = nullptr;
  std::unique_ptr<Front> front;
  for (std::string line; std::getline(std::cin, line);) {
    const json request = json::parse(line);
    json answer;
    if (request.contains("problem")) {
      problem = &ParetoProblemOf(request["problem"]);
      front = std::make_unique<Front>(*problem);
      const std::vector<double> middle(static_cast<size_t>(problem->dimensions), 0.5);
      answer = {{"dimensions", problem->dimensions},
                {"objectives", problem->reference.size()},
                {"constraints", problem->evaluate(middle).excesses.size()}};
    } else if (front != nullptr && request.contains("point")) {
      const ParetoOutcome outcome = problem->evaluate(request["point"]);
      front->Add(outcome);
      answer = {{"values", outcome.objectives}, {"excesses", outcome.excesses}};
    } else if (front != nullptr) {
      answer = front->missing();
    } else {
      Fail("the first line must name a problem");
    }
    std::printf("%s\n", answer.dump().c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  caviar::bench::Options options;
  CLI::App app("Simulates studies with several objectives; prints the missing share as CSV.",
               "caviar_pareto_quality");
  app.add_option("--sampler", options.samplers, "random,gp (the default), tpe, ...")
      ->delimiter(',');
  app.add_option("--problem", options.problems, "names; without it, all")->delimiter(',');
  app.add_option("--workers", options.workers, "1,8")->delimiter(',')->check(CLI::Range(1, 10000));
  app.add_option("--first-seed", options.first_seed)->check(CLI::Range(0, 1000000));
  app.add_option("--seeds", options.seeds, "how many")->check(CLI::Range(1, 1000000));
  app.add_option("--trials", options.trials, "in each study")->check(CLI::Range(3, 1000000));
  app.add_flag("--serve", options.serve, "answer another program's questions");
  CLI11_PARSE(app, argc, argv);
  if (options.problems.empty()) {
    for (const auto& problem : caviar::bench::ParetoProblems()) {
      options.problems.push_back(problem.name);
    }
  }
  if (options.serve) {
    caviar::bench::Serve();
  } else {
    caviar::bench::Measure(options);
  }
  return 0;
}
