#include "client/study_file/first_configuration.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "google/protobuf/util/message_differencer.h"

namespace caviar::study_file {
namespace {

double Middle(const v1::Parameter& parameter) {
  const double min = parameter.min(), max = parameter.max();
  switch (parameter.scale()) {
    case v1::Parameter::LOG:
      return std::sqrt(min * max);
    case v1::Parameter::ONE_MINUS_LOG:
      return 1 - std::sqrt((1 - min) * (1 - max));
    case v1::Parameter::LOGIT: {
      const double odds = std::sqrt(min / (1 - min) * (max / (1 - max)));
      return odds / (1 + odds);
    }
    default:
      return min + (max - min) / 2;
  }
}

std::optional<v1::Value> ValueOf(const v1::Parameter& parameter) {
  if (parameter.has_value()) return parameter.value();
  if (parameter.has_default_()) return parameter.default_();
  v1::Value value;
  switch (parameter.type()) {
    case v1::Parameter::BOOL:
      value.set_bool_value(false);
      return value;
    case v1::Parameter::CATEGORICAL:
      if (parameter.values().empty()) return std::nullopt;
      return parameter.values(0);
    case v1::Parameter::ORDINAL:
      if (parameter.values().empty()) return std::nullopt;
      return parameter.values(parameter.values_size() / 2);
    case v1::Parameter::DOUBLE:
    case v1::Parameter::INT:
      break;
    default:
      return std::nullopt;
  }
  double middle = Middle(parameter);
  if (parameter.step() > 0) {
    middle = parameter.min() +
             std::floor((middle - parameter.min()) / parameter.step()) * parameter.step();
  }
  if (parameter.type() == v1::Parameter::INT) {
    value.set_int_value(static_cast<int64_t>(std::floor(middle)));
  } else {
    value.set_double_value(middle);
  }
  return value;
}

bool IsActive(const v1::Parameter& parameter, const Configuration& values) {
  using google::protobuf::util::MessageDifferencer;
  return std::all_of(parameter.when().begin(), parameter.when().end(),
                     [&](const v1::Condition& condition) {
                       const auto found = values.find(condition.parameter());
                       return found != values.end() &&
                              std::any_of(condition.values().begin(), condition.values().end(),
                                          [&](const v1::Value& value) {
                                            return MessageDifferencer::Equals(value, found->second);
                                          });
                     });
}

}  // namespace

Configuration FirstConfiguration(const v1::Study& study, const Configuration& given) {
  Configuration values;
  // A condition may name a parameter that comes later.
  for (bool grows = true; grows;) {
    grows = false;
    for (const v1::Parameter& parameter : study.parameters()) {
      if (values.contains(parameter.name()) || !IsActive(parameter, values)) continue;
      const auto found = given.find(parameter.name());
      const auto value = found != given.end() ? found->second : ValueOf(parameter);
      if (!value) continue;
      values[parameter.name()] = *value;
      grows = true;
    }
  }
  return values;
}

}  // namespace caviar::study_file
