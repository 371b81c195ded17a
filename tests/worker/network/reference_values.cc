#include "tests/worker/network/reference_values.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "caviar/v1/vocabulary.h"

namespace caviar::network {
namespace {

using nlohmann::json;

const json& File() {
  static const json file = [] {
    std::ifstream stream(CAVIAR_REFERENCE_VALUES);
    if (!stream) throw std::runtime_error("cannot read " CAVIAR_REFERENCE_VALUES);
    return json::parse(stream);
  }();
  return file;
}

v1::Value ToValue(const json& entry) {
  v1::Value value;
  if (entry.is_boolean()) value.set_bool_value(entry.get<bool>());
  if (entry.is_number_integer()) value.set_int_value(entry.get<int64_t>());
  if (entry.is_number_float()) value.set_double_value(entry.get<double>());
  if (entry.is_string()) value.set_string_value(entry.get<std::string>());
  return value;
}

v1::BatchNormNetworkParameters ToParameters(const json& hyperparameters) {
  google::protobuf::Map<std::string, v1::Value> configuration;
  for (const auto& [name, entry] : hyperparameters.items()) configuration[name] = ToValue(entry);
  auto parameters = vocabulary::ToBatchNormNetworkParameters(configuration);
  if (!parameters.ok()) throw std::runtime_error(parameters.status().ToString());
  return *std::move(parameters);
}

std::vector<ReferenceLayer> ToLayers(const json& entries) {
  std::vector<ReferenceLayer> layers;
  for (const json& entry : entries) {
    const auto read = [&](const char* name) { return entry.value(name, std::vector<double>()); };
    layers.push_back({.weights = entry.at("weights").get<std::vector<double>>(),
                      .bias = read("bias"),
                      .gamma = read("gamma"),
                      .beta = read("beta"),
                      .running_mean = read("running_mean"),
                      .running_variance = read("running_variance")});
  }
  return layers;
}

ReferenceBatch ToBatch(const json& entry) {
  ReferenceBatch batch;
  batch.inputs = entry.at("inputs").get<std::vector<double>>();
  batch.labels = entry.at("labels").get<std::vector<int32_t>>();
  return batch;
}

const json& Find(const std::string& name) {
  for (const json& entry : File().at("cases")) {
    if (entry.at("name") == name) return entry;
  }
  throw std::runtime_error("there is no case \"" + name + "\" in " CAVIAR_REFERENCE_VALUES);
}

}  // namespace

std::vector<std::string> ReferenceCaseNames() {
  std::vector<std::string> names;
  for (const json& entry : File().at("cases")) names.push_back(entry.at("name").get<std::string>());
  return names;
}

ReferenceCase ReadReferenceCase(const std::string& name) {
  const json& entry = Find(name);
  ReferenceCase result;
  result.hyperparameters = ToParameters(entry.at("hyperparameters"));
  result.seed = File().at("seed").get<uint64_t>();
  result.trial = File().at("trial").get<uint64_t>();
  result.inputs = File().at("inputs").get<int>();
  result.classes = File().at("classes").get<int>();
  result.initial = ToLayers(File().at("initial").at(entry.at("network").get<std::string>()));
  for (size_t i = 0; i + 1 < result.initial.size(); ++i) {
    result.hidden.push_back(static_cast<int>(result.initial[i].bias.size()));
  }
  for (const json& batch : File().at("batches")) result.batches.push_back(ToBatch(batch));
  result.evaluation = ToBatch(File().at("evaluation"));

  const json& first = entry.at("first");
  result.first_logits = first.at("logits").get<std::vector<double>>();
  result.first_loss = first.at("loss").get<double>();
  result.first_minimized = first.at("minimized").get<double>();
  result.first_gradient = ToLayers(first.at("gradient"));
  result.first_gradient_norm = first.at("gradient_norm").get<double>();
  result.losses = entry.at("losses").get<std::vector<double>>();
  result.after = ToLayers(entry.at("after"));
  result.evaluation_logits = entry.at("evaluation_logits").get<std::vector<double>>();
  return result;
}

}  // namespace caviar::network
