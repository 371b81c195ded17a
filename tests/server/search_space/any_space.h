// Random spaces and points, for property tests.
#ifndef CAVIAR_TESTS_SERVER_SEARCH_SPACE_ANY_SPACE_H_
#define CAVIAR_TESTS_SERVER_SEARCH_SPACE_ANY_SPACE_H_

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "caviar/v1/vocabulary.h"
#include "server/search_space/search_space.h"

namespace caviar::search_space {

inline double Unit() { return *rc::gen::inRange<int64_t>(0, (int64_t{1} << 53) + 1) * 0x1p-53; }

inline bool OneIn(int n) { return *rc::gen::inRange(0, n) == 0; }

// Of any magnitude from 10^-300 to 10^300.
inline double Magnitude() { return std::pow(10.0, *rc::gen::inRange(-300, 300) + Unit()); }

inline void FillDouble(v1::Parameter& p) {
  p.set_type(v1::Parameter::DOUBLE);
  double a = 0, b = 0;
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      a = Magnitude() * (OneIn(2) ? -1 : 1);
      b = Magnitude() * (OneIn(2) ? -1 : 1);
      break;
    case 1:
      p.set_scale(v1::Parameter::LOG);
      a = Magnitude();
      b = Magnitude();
      break;
    case 2:
      p.set_scale(v1::Parameter::ONE_MINUS_LOG);
      a = OneIn(2) ? 1 - std::pow(10.0, -15 * Unit()) : -Magnitude();
      b = 1 - std::pow(10.0, -15 * Unit());
      break;
    default:
      p.set_scale(v1::Parameter::LOGIT);
      a = std::pow(10.0, -200 * Unit() - 1e-3);
      b = 1 - std::pow(10.0, -15 * Unit() - 1e-3);
  }
  const bool neighbours = OneIn(8);
  if (neighbours) b = std::nextafter(a, 1.0);
  p.set_min(std::min(a, b));
  p.set_max(std::max(a, b));
  if (p.scale() == v1::Parameter::SCALE_UNSPECIFIED && !neighbours && OneIn(3)) {
    p.set_step((p.max() / 2 - p.min() / 2) / *rc::gen::inRange(1, 2000));
  }
}

inline void FillInt(v1::Parameter& p) {
  p.set_type(v1::Parameter::INT);
  const bool log = OneIn(2);
  const int bits = *rc::gen::inRange(1, 53);
  const int64_t low =
      *rc::gen::inRange<int64_t>(log ? 1 : -(int64_t{1} << bits), int64_t{1} << bits);
  const int64_t high = *rc::gen::inRange<int64_t>(low + 1, (int64_t{1} << bits) + 1);
  p.set_min(static_cast<double>(low));
  p.set_max(static_cast<double>(high));
  if (log) p.set_scale(v1::Parameter::LOG);
  if (!log && OneIn(2))
    p.set_step(static_cast<double>(*rc::gen::inRange<int64_t>(1, high - low + 1)));
}

inline void FillChoice(v1::Parameter& p) {
  p.set_type(OneIn(2) ? v1::Parameter::CATEGORICAL : v1::Parameter::ORDINAL);
  const int count = *rc::gen::inRange(1, 50);
  // Numbers that grow, with or without a scale, in one of four.
  if (p.type() == v1::Parameter::ORDINAL && OneIn(2)) {
    if (OneIn(2)) p.set_scale(v1::Parameter::LOG);
    for (int i = 0; i < count; ++i) p.add_values()->set_double_value(std::pow(10.0, 6 * i - 150));
    return;
  }
  for (int i = 0; i < count; ++i) {
    if (OneIn(2)) {
      p.add_values()->set_int_value(i);
    } else {
      p.add_values()->set_string_value("v" + std::to_string(i));
    }
  }
}

inline v1::Parameter AnyParameter(const std::string& name) {
  v1::Parameter p;
  p.set_name(name);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      FillInt(p);
      break;
    case 1:
      p.set_type(v1::Parameter::BOOL);
      break;
    case 2:
      FillChoice(p);
      break;
    default:
      FillDouble(p);
  }
  return p;
}

// A value that the parameter can take, which is no real number.
inline v1::Value AnyValueOf(const v1::Parameter& p) {
  v1::Value value;
  switch (p.type()) {
    case v1::Parameter::BOOL:
      value.set_bool_value(OneIn(2));
      break;
    case v1::Parameter::INT: {
      const auto step = static_cast<int64_t>(p.has_step() ? p.step() : 1);
      const auto low = static_cast<int64_t>(p.min()), high = static_cast<int64_t>(p.max());
      value.set_int_value(low + step * *rc::gen::inRange<int64_t>(0, (high - low) / step + 1));
      break;
    }
    default:
      value = p.values(*rc::gen::inRange(0, p.values_size()));
  }
  return value;
}

// A space of the parameters that `make` gives for a name, with conditions: some hang on one or two
// of those before, of any type but real numbers.
template <typename Make>
SearchSpace AnySpaceOf(int most, const Make& make) {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  const int count = *rc::gen::inRange(1, most + 1);
  for (int i = 0; i < count; ++i) {
    v1::Parameter p = make("p" + std::to_string(i));
    std::set<int> parents = {*rc::gen::inRange(0, 2 * count), *rc::gen::inRange(0, 4 * count)};
    for (const int parent : parents) {
      if (parent >= i || parameters[parent].type() == v1::Parameter::DOUBLE) continue;
      v1::Condition& condition = *p.add_when();
      condition.set_parameter(parameters[parent].name());
      const int values = OneIn(2) ? 1 : 3;
      std::set<std::string> keys;
      for (int k = 0; k < values; ++k) {
        const v1::Value value = AnyValueOf(parameters[parent]);
        if (keys.insert(vocabulary::ValueKey(value)).second) *condition.add_values() = value;
      }
    }
    *parameters.Add() = p;
  }
  auto space = SearchSpace::Create(parameters);
  RC_LOG() << space.status() << "\n";
  for (const v1::Parameter& p : parameters) RC_LOG() << p.DebugString() << "\n";
  RC_ASSERT(space.ok());
  return *std::move(space);
}

inline SearchSpace AnySpace() { return AnySpaceOf(7, AnyParameter); }

inline Point AnyPoint(int dimensions) {
  Point point;
  for (int i = 0; i < dimensions; ++i) point.push_back(OneIn(10) ? OneIn(2) : Unit());
  return point;
}

}  // namespace caviar::search_space

#endif  // CAVIAR_TESTS_SERVER_SEARCH_SPACE_ANY_SPACE_H_
