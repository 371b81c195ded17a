#include "client/study_file/parameter_types.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"

namespace caviar::study_file {
namespace {

using google::protobuf::RepeatedPtrField;

// Whether the study's trainer is the built-in one and takes this parameter as a double.
bool IsDoubleSetting(const v1::Study& study, const std::string& name) {
  if (!study.trainer().has_batch_norm_network()) return false;
  const auto* field = v1::BatchNormNetworkParameters::descriptor()->FindFieldByName(name);
  return field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE;
}

bool IsBothBools(const RepeatedPtrField<v1::Value>& values) {
  return values.size() == 2 && values[0].has_bool_value() && values[1].has_bool_value() &&
         values[0].bool_value() != values[1].bool_value();
}

void ToDouble(v1::Value& value) {
  if (value.has_int_value()) value.set_double_value(static_cast<double>(value.int_value()));
}

void ToDoubles(RepeatedPtrField<v1::Value>& values) {
  for (v1::Value& value : values) ToDouble(value);
}

bool HasDouble(const RepeatedPtrField<v1::Value>& values) {
  return std::any_of(values.begin(), values.end(),
                     [](const v1::Value& value) { return value.has_double_value(); });
}

void InferType(const std::set<std::string>& written_whole, const v1::Study& study,
               v1::Parameter& parameter) {
  if (parameter.type() != v1::Parameter::TYPE_UNSPECIFIED || parameter.has_value()) return;
  if (parameter.values_size() > 0) {
    if (IsBothBools(parameter.values())) {
      parameter.set_type(v1::Parameter::BOOL);
      parameter.clear_values();
    } else {
      parameter.set_type(parameter.scale() == v1::Parameter::SCALE_UNSPECIFIED
                             ? v1::Parameter::CATEGORICAL
                             : v1::Parameter::ORDINAL);
    }
    return;
  }
  if (!parameter.has_min() && !parameter.has_max()) return;
  const auto whole = [&](bool is_set, absl::string_view name) {
    return !is_set ||
           written_whole.count(absl::StrCat("parameters.", parameter.name(), ".", name)) > 0;
  };
  const bool is_int =
      whole(parameter.has_min(), "min") && whole(parameter.has_max(), "max") &&
      whole(parameter.has_step(), "step") && parameter.scale() != v1::Parameter::ONE_MINUS_LOG &&
      parameter.scale() != v1::Parameter::LOGIT && !IsDoubleSetting(study, parameter.name());
  parameter.set_type(is_int ? v1::Parameter::INT : v1::Parameter::DOUBLE);
}

}  // namespace

void CompleteParameterTypes(const std::set<std::string>& written_whole, v1::Study& study) {
  std::map<std::string, bool> is_double;
  for (v1::Parameter& parameter : *study.mutable_parameters()) {
    InferType(written_whole, study, parameter);
    const bool setting = IsDoubleSetting(study, parameter.name());
    if (setting || HasDouble(parameter.values())) ToDoubles(*parameter.mutable_values());
    if (setting && parameter.has_value()) ToDouble(*parameter.mutable_value());
    is_double[parameter.name()] = parameter.type() == v1::Parameter::DOUBLE ||
                                  HasDouble(parameter.values()) ||
                                  parameter.value().has_double_value();
  }
  for (v1::Parameter& parameter : *study.mutable_parameters()) {
    for (v1::Condition& condition : *parameter.mutable_when()) {
      if (is_double[condition.parameter()]) ToDoubles(*condition.mutable_values());
    }
  }
}

}  // namespace caviar::study_file
