// For any space: values stay in the range, axes do not fall, and what a point gives maps back to
// it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "server/search_space/search_space.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

double Unit() { return *rc::gen::inRange<int64_t>(0, (int64_t{1} << 53) + 1) * 0x1p-53; }

bool OneIn(int n) { return *rc::gen::inRange(0, n) == 0; }

// Of any magnitude from 10^-300 to 10^300.
double Magnitude() { return std::pow(10.0, *rc::gen::inRange(-300, 300) + Unit()); }

void FillDouble(v1::Parameter& p) {
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

void FillInt(v1::Parameter& p) {
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

void FillChoice(v1::Parameter& p) {
  p.set_type(OneIn(2) ? v1::Parameter::CATEGORICAL : v1::Parameter::ORDINAL);
  const int count = *rc::gen::inRange(1, 50);
  for (int i = 0; i < count; ++i) {
    if (OneIn(2)) {
      p.add_values()->set_int_value(i);
    } else {
      p.add_values()->set_string_value("v" + std::to_string(i));
    }
  }
}

v1::Parameter AnyParameter(const std::string& name) {
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

// A space with conditions: some parameters hang on a bool or a choice that comes before.
SearchSpace AnySpace() {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    v1::Parameter p = AnyParameter("p" + std::to_string(i));
    const int parent = *rc::gen::inRange(0, count);
    if (parent < i && parameters[parent].type() != v1::Parameter::DOUBLE &&
        parameters[parent].type() != v1::Parameter::INT) {
      v1::Condition& condition = *p.add_when();
      condition.set_parameter(parameters[parent].name());
      if (parameters[parent].type() == v1::Parameter::BOOL) {
        condition.add_values()->set_bool_value(OneIn(2));
      } else {
        *condition.add_values() = parameters[parent].values(0);
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

Point AnyPoint(int dimensions) {
  Point point;
  for (int i = 0; i < dimensions; ++i) point.push_back(OneIn(10) ? OneIn(2) : Unit());
  return point;
}

double NumberOf(const v1::Value& value) {
  return value.kind_case() == v1::Value::kIntValue ? static_cast<double>(value.int_value())
                                                   : value.double_value();
}

std::string TextOf(const Configuration& configuration) {
  std::string text;
  for (const auto& [name, value] : configuration) text += name + " " + value.DebugString();
  return text;
}

TEST(AnySpaceAtAll, WhatAPointGivesMapsBackToIt) {
  ASSERT_TRUE(rc::check([] {
    const SearchSpace space = AnySpace();
    const Configuration configuration = space.ToConfiguration(AnyPoint(space.dimensions()));
    const auto point = space.ToPoint(configuration);
    RC_ASSERT(point.ok());
    RC_ASSERT(std::all_of(point->begin(), point->end(), [](double u) { return u >= 0 && u <= 1; }));
    RC_ASSERT(TextOf(space.ToConfiguration(*point)) == TextOf(configuration));
  }));
}

TEST(AnySpaceAtAll, ValuesStayInTheirRangeAndTheEndsAreExact) {
  ASSERT_TRUE(rc::check([] {
    v1::Parameter p;
    p.set_name("x");
    OneIn(2) ? FillInt(p) : FillDouble(p);
    google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
    *parameters.Add() = p;
    const SearchSpace space = SearchSpace::Create(parameters).value();
    const auto at = [&](double u) { return NumberOf(space.ToConfiguration({u}).at("x")); };
    RC_ASSERT(at(0) == p.min());
    const double slack = p.has_step() ? p.step() * 1.001 : 0;
    RC_ASSERT(at(1) <= p.max());
    RC_ASSERT(at(1) >= p.max() - slack);
    double a = Unit(), b = Unit();
    if (a > b) std::swap(a, b);
    RC_ASSERT(p.min() <= at(a));
    RC_ASSERT(at(b) <= p.max());
    RC_ASSERT(at(a) <= at(b));
  }));
}

TEST(AnyInt, OwnsACellThatHoldsItsMiddle) {
  ASSERT_TRUE(rc::check([] {
    v1::Parameter p;
    p.set_name("n");
    p.set_type(v1::Parameter::INT);
    const int low = *rc::gen::inRange(1, 1000);
    const int high = *rc::gen::inRange(low + 1, 3000);
    p.set_min(low);
    p.set_max(high);
    if (OneIn(2)) p.set_scale(v1::Parameter::LOG);
    google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
    *parameters.Add() = p;
    const SearchSpace space = SearchSpace::Create(parameters).value();
    Configuration configuration;
    double before = 0;
    for (int n = low; n <= high; ++n) {
      configuration["n"].set_int_value(n);
      const double middle = space.ToPoint(configuration).value()[0];
      RC_ASSERT(middle > before);
      RC_ASSERT(IntAt(space, middle) == n);
      before = middle;
    }
  }));
}

}  // namespace
}  // namespace caviar::search_space
