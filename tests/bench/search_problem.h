// One problem to minimize: a space, a function, and what is known of it.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_PROBLEM_H_
#define CAVIAR_TESTS_BENCH_SEARCH_PROBLEM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/search_space/search_space.h"

namespace caviar::bench {

struct Problem {
  std::string name;
  uint32_t seed = 0;
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  // Its least value (where it is not known: the least one ever seen), and the median of its values
  // at points drawn uniformly from the scaled space.
  double optimum = 0;
  double reference = 0;
  // Where the optimum is; empty: not known.
  search_space::Configuration best;
  // Of a configuration of the space; NaN: infeasible. Deterministic.
  std::function<double(const search_space::Configuration&)> value;
  // By how much it breaks each constraint, <= 0 where it keeps it; the optimum keeps all. Empty:
  // there are none.
  std::function<std::vector<double>(const search_space::Configuration&)> excesses;
  // Standard deviation of what measurements add to it.
  double noise = 0;

  // How far `value` is from the optimum, in units of what random points reach; at least 0.001,
  // below which differences are of no interest.
  double Regret(double value) const;
};

// Parameters in the form of the study's messages.
v1::Parameter RealParameter(const std::string& name, double min, double max,
                            v1::Parameter::Scale scale = v1::Parameter::LINEAR);
v1::Parameter IntParameter(const std::string& name, int min, int max,
                           v1::Parameter::Scale scale = v1::Parameter::LINEAR);
v1::Parameter CategoricalParameter(const std::string& name, const std::vector<std::string>& values);

v1::Parameter BoolParameter(const std::string& name);
v1::Parameter OrdinalParameter(const std::string& name, const std::vector<int>& values);
// `parameter`, active only where the one of that name has one of these words.
v1::Parameter When(v1::Parameter parameter, const std::string& name,
                   const std::vector<std::string>& words);

v1::Value RealValue(double value);
v1::Value IntValue(int value);
v1::Value BoolValue(bool value);
v1::Value WordValue(const std::string& value);

// The value of an active parameter that is a number, or a word.
double NumberOf(const search_space::Configuration& configuration, const std::string& name);
const std::string& WordOf(const search_space::Configuration& configuration,
                          const std::string& name);

// The median of the values at so many points that are drawn uniformly, always the same ones.
// Infeasible ones count as worse than all others.
double MedianOfRandomPoints(const Problem& problem, int points);

// Ends the program with a message.
[[noreturn]] void Fail(const std::string& message);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_PROBLEM_H_
