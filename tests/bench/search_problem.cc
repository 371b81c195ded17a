#include "tests/bench/search_problem.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "server/sampling/random_sampler.h"

namespace caviar::bench {
namespace {

// Not one of the seeds that studies have.
constexpr uint32_t kMedianSeed = 0xffffffff;

}  // namespace

double Problem::Regret(double value) const {
  constexpr double kFloor = 1e-3;
  if (!std::isfinite(value)) return std::max(kFloor, value);
  return std::max(kFloor, (value - optimum) / (reference - optimum));
}

v1::Parameter RealParameter(const std::string& name, double min, double max,
                            v1::Parameter::Scale scale) {
  v1::Parameter parameter;
  parameter.set_name(name);
  parameter.set_type(v1::Parameter::DOUBLE);
  parameter.set_min(min);
  parameter.set_max(max);
  parameter.set_scale(scale);
  return parameter;
}

v1::Parameter IntParameter(const std::string& name, int min, int max, v1::Parameter::Scale scale) {
  v1::Parameter parameter = RealParameter(name, min, max, scale);
  parameter.set_type(v1::Parameter::INT);
  return parameter;
}

v1::Parameter CategoricalParameter(const std::string& name,
                                   const std::vector<std::string>& values) {
  v1::Parameter parameter;
  parameter.set_name(name);
  parameter.set_type(v1::Parameter::CATEGORICAL);
  for (const std::string& value : values) parameter.add_values()->set_string_value(value);
  return parameter;
}

v1::Parameter BoolParameter(const std::string& name) {
  v1::Parameter parameter;
  parameter.set_name(name);
  parameter.set_type(v1::Parameter::BOOL);
  return parameter;
}

v1::Parameter OrdinalParameter(const std::string& name, const std::vector<int>& values) {
  v1::Parameter parameter;
  parameter.set_name(name);
  parameter.set_type(v1::Parameter::ORDINAL);
  for (const int value : values) *parameter.add_values() = IntValue(value);
  return parameter;
}

v1::Parameter When(v1::Parameter parameter, const std::string& name,
                   const std::vector<std::string>& words) {
  v1::Condition& condition = *parameter.add_when();
  condition.set_parameter(name);
  for (const std::string& word : words) *condition.add_values() = WordValue(word);
  return parameter;
}

v1::Value RealValue(double value) {
  v1::Value message;
  message.set_double_value(value);
  return message;
}

v1::Value IntValue(int value) {
  v1::Value message;
  message.set_int_value(value);
  return message;
}

v1::Value BoolValue(bool value) {
  v1::Value message;
  message.set_bool_value(value);
  return message;
}

v1::Value WordValue(const std::string& value) {
  v1::Value message;
  message.set_string_value(value);
  return message;
}

double NumberOf(const search_space::Configuration& configuration, const std::string& name) {
  const v1::Value& value = configuration.at(name);
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      return value.double_value();
    case v1::Value::kIntValue:
      return static_cast<double>(value.int_value());
    case v1::Value::kBoolValue:
      return value.bool_value() ? 1 : 0;
    default:
      Fail(name + " is no number");
  }
}

const std::string& WordOf(const search_space::Configuration& configuration,
                          const std::string& name) {
  return configuration.at(name).string_value();
}

double MedianOfRandomPoints(const Problem& problem, int points) {
  const auto space = search_space::SearchSpace::Create(problem.parameters);
  if (!space.ok()) Fail(problem.name + ": " + std::string(space.status().message()));
  std::vector<double> values;
  for (int i = 0; i < points; ++i) {
    const auto point =
        sampling::RandomPoint(kMedianSeed, static_cast<uint32_t>(i), space->dimensions());
    const double value = problem.value(space->ToConfiguration(point));
    values.push_back(std::isfinite(value) ? value : INFINITY);
  }
  const auto middle = values.begin() + points / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_search_quality: %s\n", message.c_str());
  std::exit(1);
}

}  // namespace caviar::bench
