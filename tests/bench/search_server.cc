#include "tests/bench/search_server.h"

#include <cmath>
#include <iostream>

#include "google/protobuf/util/json_util.h"
#include "tests/bench/plain_values.h"
#include "tests/bench/search_simulation.h"

namespace caviar::bench {
namespace {

nlohmann::json Describe(const Problem& problem, int trials) {
  const auto space = search_space::SearchSpace::Create(problem.parameters);
  if (!space.ok()) Fail(std::string(space.status().message()));
  nlohmann::json answer = {{"dimensions", space->dimensions()},
                           {"parameters", nlohmann::json::array()},
                           {"durations", nlohmann::json::array()}};
  for (const v1::Parameter& parameter : problem.parameters) {
    std::string json;
    const auto written = google::protobuf::util::MessageToJsonString(parameter, &json);
    if (!written.ok()) Fail(std::string(written.message()));
    answer["parameters"].push_back(nlohmann::json::parse(json));
  }
  for (int number = 0; number < trials; ++number) {
    answer["durations"].push_back(Duration(problem.seed, number));
  }
  return answer;
}

search_space::Configuration ConfigurationOf(const Problem& problem, const nlohmann::json& request) {
  const auto space = search_space::SearchSpace::Create(problem.parameters);
  if (!space.ok()) Fail(std::string(space.status().message()));
  if (request.contains("point")) {
    const search_space::Point point = request.at("point");
    if (static_cast<int>(point.size()) != space->dimensions()) Fail("a point of another space");
    return space->ToConfiguration(point);
  }
  auto values = FromJson(request.at("configuration"), problem.parameters);
  const auto point = space->ToPoint(values);
  if (!point.ok()) Fail(problem.name + ": " + std::string(point.status().message()));
  return values;
}

nlohmann::json Evaluate(const Problem& problem, const nlohmann::json& request) {
  const auto values = ConfigurationOf(problem, request);
  const int number = request.at("number");
  const double value = problem.value(values);
  if (!std::isfinite(value)) return {{"measured", nullptr}, {"regret", nullptr}};
  return {{"measured", value + MeasurementError(problem, number)},
          {"regret", problem.Regret(value)}};
}

}  // namespace

void Serve(const SearchProblems& problems) {
  Problem problem;
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (request.contains("problem")) {
      problem = problems.Make(request.at("problem"), request.at("seed").get<uint32_t>());
      std::cout << Describe(problem, request.at("trials")) << std::endl;
    } else if (request.contains("names")) {
      std::cout << nlohmann::json(SearchProblems::Names(request.at("names"))) << std::endl;
    } else if (request.contains("number") && problem.value) {
      std::cout << Evaluate(problem, request) << std::endl;
    } else {
      Fail("cannot answer " + line);
    }
  }
}

}  // namespace caviar::bench
