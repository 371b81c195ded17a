// For any space: values stay in the range, axes do not fall, and what a point gives maps back to
// it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "server/search_space/search_space.h"
#include "tests/server/search_space/any_space.h"
#include "tests/server/search_space/spaces.h"

namespace caviar::search_space {
namespace {

double NumberOf(const v1::Value& value) {
  return value.kind_case() == v1::Value::kIntValue ? static_cast<double>(value.int_value())
                                                   : value.double_value();
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
