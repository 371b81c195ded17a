#include "tests/bench/earlier_study.h"

#include <cmath>
#include <utility>

#include "tests/bench/search_simulation.h"

namespace caviar::bench {
namespace {

constexpr int kTrials = 60;
constexpr uint32_t kProblemSeeds = 40, kOtherSeed = 20;

Problem Changed(const SearchProblems& problems, const std::string& name, uint32_t seed,
                const std::string& kind) {
  if (kind == "shifted") return problems.Make(name, (seed + kOtherSeed) % kProblemSeeds);
  Problem problem = problems.Make(name, seed);
  if (kind == "noisy") {
    problem.noise = 0.2 * (problem.reference - problem.optimum);
  } else if (kind == "unrelated") {
    problem.value = [value = problem.value](const auto& configuration) {
      return -value(configuration);
    };
  } else if (kind != "same") {
    Fail("there is no earlier study that is " + kind);
  }
  return problem;
}

// Mean 0, standard deviation 1.
void Standardize(std::vector<sampling::Observation>& study) {
  double mean = 0, square = 0;
  for (const auto& trial : study) mean += trial.value / static_cast<double>(study.size());
  for (const auto& trial : study) square += (trial.value - mean) * (trial.value - mean);
  const double deviation = std::sqrt(square / static_cast<double>(study.size()));
  for (auto& trial : study) trial.value = deviation > 0 ? (trial.value - mean) / deviation : 0;
}

}  // namespace

EarlierStudies MakeEarlierStudies(const SearchProblems& problems, const std::string& name,
                                  uint32_t seed, const std::string& kind) {
  const Problem problem = Changed(problems, name, seed, kind);
  const auto space = search_space::SearchSpace::Create(problem.parameters).value();
  v1::Sampler definition;
  definition.set_algorithm(v1::Sampler::TPE);
  const auto sampler = sampling::MakeSampler(definition).value();
  sampling::SamplerInput input;
  input.seed = seed + 1000;
  std::vector<sampling::Observation> study;
  for (; input.number < kTrials; ++input.number) {
    const auto configuration = sampling::Suggest(*sampler, space, input);
    if (!configuration) break;
    sampling::Observation trial;
    trial.number = input.number;
    trial.point = space.ToPoint(*configuration).value();
    trial.value = problem.value(*configuration) + MeasurementError(problem, input.number);
    if (!std::isfinite(trial.value)) continue;
    input.history.Add(trial);
    study.push_back(std::move(trial));
  }
  Standardize(study);
  return std::make_shared<std::vector<std::vector<sampling::Observation>>>(1, std::move(study));
}

}  // namespace caviar::bench
