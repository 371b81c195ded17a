#include "server/search_space/defaults.h"

#include <algorithm>
#include <cmath>

#include "server/search_space/axis.h"

namespace caviar::search_space {
namespace {

bool IsFree(const v1::Parameter& parameter) {
  return parameter.type() == v1::Parameter::BOOL || parameter.type() == v1::Parameter::CATEGORICAL;
}

}  // namespace

v1::Value OfItsType(const v1::Parameter& parameter, const v1::Value& given) {
  v1::Value value = given;
  const std::optional<double> number = AsNumber(given);
  if (!number) return value;
  if (parameter.type() == v1::Parameter::DOUBLE) {
    value.set_double_value(*number);
  } else if (parameter.type() == v1::Parameter::INT) {
    const bool whole = *number == std::floor(*number) && std::abs(*number) <= 0x1p53;
    if (given.has_double_value() && whole) value.set_int_value(static_cast<int64_t>(*number));
  } else {
    const auto equal = std::find_if(parameter.values().begin(), parameter.values().end(),
                                    [&](const v1::Value& one) { return AsNumber(one) == number; });
    if (equal != parameter.values().end()) value = *equal;
  }
  return value;
}

void Complete(const SearchSpace& space, Configuration& configuration) {
  for (const int index : space.parents_first()) {
    const v1::Parameter& parameter = space.parameters()[static_cast<size_t>(index)];
    const auto given = configuration.find(parameter.name());
    if (given != configuration.end()) {
      if (!parameter.has_value()) given->second = OfItsType(parameter, given->second);
    } else if (IsActive(parameter, configuration)) {
      if (parameter.has_value()) configuration.emplace(parameter.name(), parameter.value());
      if (parameter.has_default_()) {
        configuration.emplace(parameter.name(), OfItsType(parameter, parameter.default_()));
      }
    }
  }
}

bool HasDefaults(const SearchSpace& space) {
  return std::any_of(space.parameters().begin(), space.parameters().end(),
                     [](const v1::Parameter& parameter) { return parameter.has_default_(); });
}

Configuration DefaultConfiguration(const SearchSpace& space) {
  Configuration configuration;
  for (const int index : space.parents_first()) {
    const v1::Parameter& parameter = space.parameters()[static_cast<size_t>(index)];
    if (!IsActive(parameter, configuration)) continue;
    v1::Value value;
    if (parameter.has_value()) {
      value = parameter.value();
    } else if (parameter.has_default_()) {
      value = OfItsType(parameter, parameter.default_());
    } else {
      value = ValueAt(parameter, IsFree(parameter) ? 0 : 0.5);
    }
    configuration.emplace(parameter.name(), std::move(value));
  }
  return configuration;
}

}  // namespace caviar::search_space
