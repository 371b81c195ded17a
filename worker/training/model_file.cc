#include "worker/training/model_file.h"

#include <new>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "nlohmann/json.hpp"
#include "worker/network/onnx_model.h"
#include "worker/network/weights.h"

namespace caviar::training {
namespace {

using nlohmann::json;

// Names come from files and may be any bytes; what is not UTF-8 is replaced.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

json ToJson(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      return value.double_value();
    case v1::Value::kIntValue:
      return value.int_value();
    case v1::Value::kBoolValue:
      return value.bool_value();
    case v1::Value::kStringValue:
      return value.string_value();
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

json ToJson(const v1::Trial& trial) {
  json configuration = json::object();
  for (const auto& [name, value] : trial.parameters()) configuration[name] = ToJson(value);
  return configuration;
}

absl::StatusOr<std::string> MakeModel(const v1::Study& study, const v1::Trial& trial,
                                      const std::vector<std::string>& input_names,
                                      const Outcome& outcome) {
  const auto weights = network::ParseWeights(outcome.weights);
  if (!weights.ok()) return weights.status();
  network::OnnxMetadata metadata = {{"study", study.name()},
                                    {"trial", absl::StrCat(trial.number())},
                                    {"step", absl::StrCat(outcome.weights_step)},
                                    {"objective", vocabulary::FirstObjective(study).metric()},
                                    {"configuration", Dump(ToJson(trial))},
                                    {"class_names", Dump(weights->class_names)}};
  if (input_names.size() == weights->mean.size()) {
    metadata.emplace_back("input_names", Dump(input_names));
  }
  return network::ToOnnx(*weights, metadata);
}

}  // namespace

void AddModel(const v1::Study& study, const v1::Trial& trial,
              const std::vector<std::string>& input_names, Outcome& outcome) {
  try {
    auto model = MakeModel(study, trial, input_names, outcome);
    if (model.ok()) {
      outcome.model = *std::move(model);
    } else {
      outcome.no_model = std::string(model.status().message());
    }
  } catch (const std::bad_alloc&) {
    outcome.no_model = "the worker has too little memory to write the network as ONNX";
  }
}

}  // namespace caviar::training
