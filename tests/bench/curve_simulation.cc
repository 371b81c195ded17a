#include "tests/bench/curve_simulation.h"

#include <time.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <optional>
#include <utility>

#include "server/pruning/pruner.h"
#include "server/sampling/counter_random.h"
#include "server/sampling/sampler.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {
namespace {

constexpr int kFullTrainings = 30;
constexpr uint64_t kNoise = 0x63757276656e6f69;  // not what samplers draw from

// Of the calling thread.
double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

std::unique_ptr<pruning::Pruner> PrunerOf(const CurveProblem& problem, const v1::Pruner& pruner) {
  v1::Study study;
  *study.mutable_pruner() = pruner;
  study.mutable_pruner()->set_max_step(problem.epochs);
  return pruning::MakePruner(study);
}

class Simulation {
 public:
  Simulation(const CurveProblem& problem, const v1::Sampler& sampler, const v1::Pruner& pruner,
             int workers)
      : problem_(problem),
        space_(search_space::SearchSpace::Create(problem.parameters).value()),
        pruner_(PrunerOf(problem, pruner)) {
    auto made = sampling::MakeSampler(sampler);
    if (!made.ok()) Fail(std::string(made.status().message()));
    sampler_ = *std::move(made);
    input_.seed = problem.seed;
    input_.parallel = workers;
    std::vector<std::optional<int>> running(static_cast<size_t>(workers));
    for (auto& number : running) number = Acquire();
    for (int now = 1; now <= ClockOf(problem, workers); ++now) {
      for (auto& number : running) {
        if (!number || !Train(*number)) number = Acquire();
      }
      trace_.regrets.push_back(problem_.Regret(best_));
    }
  }

  CurveTrace Take() { return std::move(trace_); }

 private:
  struct OpenTrial {
    search_space::Point point;
    std::vector<double> curve;
    size_t epoch = 0;  // the last one that was trained
  };

  // The trial that a free worker trains next.
  std::optional<int> Acquire() {
    if (pruner_) {
      if (const auto promotion = pruner_->Promote(false)) return promotion->number;
    }
    input_.pending.clear();
    for (const auto& [number, trial] : open_) {
      input_.pending.push_back({trial.point, RungsOf(number)});
    }
    const double before = CpuMs();
    const auto configuration = sampling::Suggest(*sampler_, space_, input_);
    if (!configuration) return std::nullopt;
    trace_.ask_ms.push_back(CpuMs() - before);
    ++trace_.trials;
    const auto point = space_.ToPoint(*configuration);
    if (!point.ok()) Fail(std::string(point.status().message()));
    open_[input_.number] = {*point, problem_.curve(*configuration)};
    return input_.number++;
  }

  // One epoch more; false: the worker is free.
  bool Train(int number) {
    OpenTrial& trial = open_.at(number);
    if (trial.epoch == trial.curve.size()) {
      Close(number, v1::Trial::INFEASIBLE, 0);
      return false;
    }
    const double value = trial.curve[trial.epoch++];
    const int epoch = static_cast<int>(trial.epoch);
    const double measured = value + CurveNoise(problem_, number, epoch);
    if (measured < best_measured_) {
      best_measured_ = measured;
      best_ = value;
    }
    const pruning::Act act = Report(number, epoch, measured);
    if (act == pruning::Act::kStop) {
      Close(number, v1::Trial::PRUNED, 0);
      return false;
    }
    if (act == pruning::Act::kPause) {
      pruner_->Pause(number);
      return false;
    }
    if (epoch < problem_.epochs) return true;
    if (pruner_) pruner_->Complete(number, measured);
    ++trace_.completed;
    Close(number, v1::Trial::COMPLETED, measured);
    return false;
  }

  // The pruner's last word about the measurement.
  pruning::Act Report(int number, int epoch, double measured) {
    if (!pruner_) return pruning::Act::kContinue;
    pruner_->Measure(number, epoch, measured);
    const auto verdicts = pruner_->Decide(number);
    return verdicts.empty() ? pruning::Act::kContinue : verdicts.back().act;
  }

  void Close(int number, v1::Trial::State state, double value) {
    sampling::Observation observation;
    observation.number = number;
    observation.state = state;
    observation.value = value;
    observation.point = open_.at(number).point;
    observation.rungs = RungsOf(number);
    input_.history.Add(std::move(observation));
    open_.erase(number);
  }

  std::vector<double> RungsOf(int number) const {
    return pruner_ ? pruner_->RungValues(number) : std::vector<double>();
  }

  const CurveProblem& problem_;
  const search_space::SearchSpace space_;
  const std::unique_ptr<pruning::Pruner> pruner_;
  std::unique_ptr<sampling::Sampler> sampler_;
  sampling::SamplerInput input_;
  std::map<int, OpenTrial> open_;  // by number; those that run and those that are paused
  // Of what looks best so far.
  double best_measured_ = std::numeric_limits<double>::infinity();
  double best_ = std::numeric_limits<double>::infinity();
  CurveTrace trace_;
};

}  // namespace

double CurveNoise(const CurveProblem& problem, int number, int epoch) {
  if (problem.noise == 0) return 0;
  const uint64_t key = static_cast<uint64_t>(number) << 32 | static_cast<uint64_t>(epoch);
  const double u = 1 - sampling::ToUnit(sampling::RandomBits(problem.seed, key, kNoise));
  const double v = sampling::ToUnit(sampling::RandomBits(problem.seed, key, kNoise + 1));
  return problem.noise * std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

int ClockOf(const CurveProblem& problem, int workers) {
  return kFullTrainings * problem.epochs / workers;
}

CurveTrace SimulateCurves(const CurveProblem& problem, const v1::Sampler& sampler,
                          const v1::Pruner& pruner, int workers) {
  return Simulation(problem, sampler, pruner, workers).Take();
}

}  // namespace caviar::bench
