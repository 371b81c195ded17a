#include "tests/bench/plain_values.h"

namespace caviar::bench {

nlohmann::json ToJson(const search_space::Configuration& configuration) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : configuration) {
    switch (value.kind_case()) {
      case v1::Value::kDoubleValue:
        object[name] = value.double_value();
        break;
      case v1::Value::kIntValue:
        object[name] = value.int_value();
        break;
      case v1::Value::kBoolValue:
        object[name] = value.bool_value();
        break;
      default:
        object[name] = value.string_value();
    }
  }
  return object;
}

search_space::Configuration FromJson(
    const nlohmann::json& object,
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters) {
  search_space::Configuration configuration;
  for (const auto& [name, plain] : object.items()) {
    v1::Value& value = configuration[name];
    if (plain.is_boolean()) {
      value.set_bool_value(plain);
    } else if (plain.is_string()) {
      value.set_string_value(plain);
    } else if (plain.is_number_integer()) {
      value.set_int_value(plain);
    } else if (plain.is_number()) {
      value.set_double_value(plain);
    }
  }
  for (const v1::Parameter& parameter : parameters) {
    const auto found = configuration.find(parameter.name());
    if (found == configuration.end() || parameter.type() != v1::Parameter::DOUBLE) continue;
    if (!found->second.has_int_value()) continue;
    found->second.set_double_value(static_cast<double>(found->second.int_value()));
  }
  return configuration;
}

}  // namespace caviar::bench
