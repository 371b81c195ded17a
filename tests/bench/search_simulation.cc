#include "tests/bench/search_simulation.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <utility>

#include "server/sampling/counter_random.h"

namespace caviar::bench {
namespace {

// Of the calling thread.
double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// Third numbers of keys, which set these apart from what samplers draw.
constexpr uint64_t kDurations = 0x6475726174696f6e;
constexpr uint64_t kNoise = 0x6e6f6973652e2e2e;

// A standard normal number (Box & Muller 1958).
double Normal(uint32_t seed, int number, uint64_t what) {
  const auto key = static_cast<uint64_t>(number);
  const double u = 1 - sampling::ToUnit(sampling::RandomBits(seed, key, what));
  const double v = sampling::ToUnit(sampling::RandomBits(seed, key, what + 1));
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

class Simulation {
 public:
  Simulation(const Problem& problem, const v1::Sampler& definition, const SimulatedStudy& study)
      : problem_(problem),
        space_(search_space::SearchSpace::Create(problem.parameters).value()),
        trials_wanted_(study.trials),
        noise_is_known_(study.noise_is_known) {
    auto sampler = sampling::MakeSampler(definition);
    if (!sampler.ok()) Fail(std::string(sampler.status().message()));
    sampler_ = *std::move(sampler);
    input_.seed = problem.seed;
    if (study.limit_is_known) input_.max_trials = study.trials;
    input_.parallel = study.workers;
    input_.warm_start = study.warm_start;
    for (int worker = 0; worker < study.workers; ++worker) Start(0);
    while (!running_.empty()) {
      const auto [time, number] = *running_.begin();
      running_.erase(running_.begin());
      Finish(number);
      Start(time);
    }
  }

  SearchTrace Take() {
    trace_.history = std::move(input_.history);
    return std::move(trace_);
  }

 private:
  // A free worker asks.
  void Start(double now) {
    if (input_.number == trials_wanted_) return;
    input_.pending.clear();
    for (const auto& [number, trial] : trials_) {
      input_.pending.push_back({.point = trial.point, .rungs = {}});
    }
    const double before = CpuMs();
    const auto configuration = sampling::Suggest(*sampler_, space_, input_);
    if (!configuration) return;
    trace_.ask_ms.push_back(CpuMs() - before);
    const auto point = space_.ToPoint(*configuration);
    if (!point.ok()) Fail(std::string(point.status().message()));
    const double value = problem_.value(*configuration);
    trials_[input_.number] = {*point, value, value + MeasurementError(problem_, input_.number), {}};
    if (problem_.excesses) trials_[input_.number].excesses = problem_.excesses(*configuration);
    running_.insert({now + Duration(input_.seed, input_.number), input_.number});
    ++input_.number;
  }

  void Finish(int number) {
    const auto trial = trials_.find(number);
    sampling::Observation observation;
    observation.number = number;
    observation.point = trial->second.point;
    if (std::isfinite(trial->second.value)) {
      observation.value = trial->second.measured;
      observation.excesses = trial->second.excesses;
      if (noise_is_known_) observation.variance = problem_.noise * problem_.noise;
      const bool feasible = std::all_of(observation.excesses.begin(), observation.excesses.end(),
                                        [](double excess) { return excess <= 0; });
      if (feasible && observation.value < best_measured_) {
        best_measured_ = observation.value;
        best_ = trial->second.value;
      }
    } else {
      observation.state = v1::Trial::INFEASIBLE;
    }
    trials_.erase(trial);
    input_.history.Add(std::move(observation));
    trace_.regrets.push_back(problem_.Regret(best_));
  }

  struct RunningTrial {
    search_space::Point point;
    double value;
    double measured;
    std::vector<double> excesses;
  };

  const Problem& problem_;
  const search_space::SearchSpace space_;
  const int trials_wanted_;
  const bool noise_is_known_;
  std::unique_ptr<sampling::Sampler> sampler_;
  sampling::SamplerInput input_;
  std::map<int, RunningTrial> trials_;        // by number
  std::set<std::pair<double, int>> running_;  // when it ends, number
  // Of what looks best so far.
  double best_measured_ = std::numeric_limits<double>::infinity();
  double best_ = std::numeric_limits<double>::infinity();
  SearchTrace trace_;
};

}  // namespace

double Duration(uint32_t seed, int number) {
  return std::exp(0.5 * Normal(seed, number, kDurations));
}

double MeasurementError(const Problem& problem, int number) {
  return problem.noise * Normal(problem.seed, number, kNoise);
}

SearchTrace Simulate(const Problem& problem, const v1::Sampler& sampler,
                     const SimulatedStudy& study) {
  return Simulation(problem, sampler, study).Take();
}

std::vector<sampling::Observation> AsEarlierStudy(const sampling::History& history) {
  std::vector<sampling::Observation> study;
  double mean = 0, squares = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].state == v1::Trial::COMPLETED) study.push_back(history[i]);
  }
  const auto count = static_cast<double>(study.size());
  for (const auto& observation : study) mean += observation.value / count;
  for (const auto& observation : study) {
    squares += (observation.value - mean) * (observation.value - mean) / count;
  }
  const double deviation = squares > 0 ? std::sqrt(squares) : 1;
  for (auto& observation : study) observation.value = (observation.value - mean) / deviation;
  return study;
}

}  // namespace caviar::bench
