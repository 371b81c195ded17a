// caviar_sampling_speed: how long samplers take to suggest a trial after so many others, on one
// thread, in studies with so many real parameters. Prints a table; --help says how.

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sampler.h"

namespace caviar::bench {
namespace {

using search_space::Point;

// Asks of a study in progress; of these the median counts.
constexpr int kAsks = 21;

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_sampling_speed: %s\n", message.c_str());
  std::exit(1);
}

double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

search_space::SearchSpace SpaceOf(int dimensions) {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  for (int i = 0; i < dimensions; ++i) {
    v1::Parameter& parameter = *parameters.Add();
    parameter.set_name("x" + std::to_string(i + 1));
    parameter.set_type(v1::Parameter::DOUBLE);
    parameter.set_min(0);
    parameter.set_max(1);
  }
  return search_space::SearchSpace::Create(parameters).value();
}

// A bowl with ripples, narrower along some axes than along others.
double ValueAt(const Point& point) {
  double sum = 0;
  for (size_t i = 0; i < point.size(); ++i) {
    const double x = point[i] - 0.4;
    sum += (1 + static_cast<double>(i % 4)) * x * x + 0.02 * std::cos(12 * x);
  }
  return sum;
}

class Study {
 public:
  // With so many trials behind it, which came nearer and nearer to the optimum, as trials do.
  Study(int dimensions, int trials) : space_(SpaceOf(dimensions)) {
    while (input_.number < trials) {
      Point point = sampling::RandomPoint(1, static_cast<uint32_t>(input_.number), dimensions);
      const double reach = std::pow(0.1, static_cast<double>(input_.number) / trials);
      for (double& x : point) x = 0.4 + (x - 0.4) * reach;
      Add(point);
    }
  }

  // Milliseconds of the next suggestion, whose trial ends at once.
  double Ask(sampling::Sampler& sampler) {
    const double before = CpuMs();
    const auto configuration = sampling::Suggest(sampler, space_, input_);
    const double after = CpuMs();
    Add(space_.ToPoint(*configuration).value());
    return after - before;
  }

 private:
  void Add(Point point) {
    sampling::Observation observation;
    observation.number = input_.number++;
    observation.value = ValueAt(point);
    observation.point = std::move(point);
    input_.history.Add(std::move(observation));
  }

  const search_space::SearchSpace space_;
  sampling::SamplerInput input_;
};

void Measure(const std::string& name, int dimensions, int trials) {
  v1::Sampler definition;
  v1::Sampler::Algorithm algorithm;
  if (!v1::Sampler::Algorithm_Parse(absl::AsciiStrToUpper(name), &algorithm)) {
    Fail("there is no sampler " + name);
  }
  definition.set_algorithm(algorithm);
  const auto sampler = sampling::MakeSampler(definition);
  if (!sampler.ok()) Fail(std::string(sampler.status().message()));
  Study study(dimensions, std::max(trials - kAsks / 2, 0));
  const double first = study.Ask(**sampler);
  std::vector<double> asks;
  for (int i = 0; i < kAsks; ++i) asks.push_back(study.Ask(**sampler));
  std::nth_element(asks.begin(), asks.begin() + kAsks / 2, asks.end());
  std::printf("| %-14s | %10d | %6d | %8.3f | %12.3f |\n", name.c_str(), dimensions, trials,
              asks[kAsks / 2], first);
  std::fflush(stdout);
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  std::vector<std::string> samplers = {"random"};
  std::vector<int> dimensions = {8, 20};
  std::vector<int> trials = {100, 500, 1000, 10000};
  CLI::App app("Prints milliseconds of CPU time a suggestion.", "caviar_sampling_speed");
  app.add_option("--sampler", samplers, "gp,tpe,...")->delimiter(',');
  app.add_option("--dimensions", dimensions, "8,20")->delimiter(',')->check(CLI::Range(1, 1000));
  app.add_option("--trials", trials, "100,10000")->delimiter(',')->check(CLI::Range(0, 10000000));
  CLI11_PARSE(app, argc, argv);
  std::printf("| sampler        | dimensions | trials |   ms ask | ms the first |\n");
  std::printf("| -------------- | ---------: | -----: | -------: | -----------: |\n");
  for (const std::string& sampler : samplers) {
    for (const int d : dimensions) {
      for (const int n : trials) caviar::bench::Measure(sampler, d, n);
    }
  }
  return 0;
}
