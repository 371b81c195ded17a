#include "tests/bench/search_problem.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace caviar::bench {

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

void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_search_quality: %s\n", message.c_str());
  std::exit(1);
}

}  // namespace caviar::bench
