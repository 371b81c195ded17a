#include "worker/network/settings.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::network {
namespace {

absl::Status UnknownWord(absl::string_view name, absl::string_view word) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": \"", word,
                   "\" is not known to this worker; its version may be older than the "
                   "coordinator's"));
}

// Sets `out` to the value that stands beside `word`.
template <typename T>
absl::Status Choose(absl::string_view name, const std::string& word,
                    std::initializer_list<std::pair<absl::string_view, T>> choices, T& out) {
  for (const auto& [known, value] : choices) {
    if (known == absl::string_view(word)) {
      out = value;
      return absl::OkStatus();
    }
  }
  return UnknownWord(name, word);
}

// Units of each hidden layer.
absl::Status SetHidden(const v1::BatchNormNetworkParameters& parameters, int classes,
                       std::vector<int>& hidden) {
  const std::string& shape = parameters.shape();
  if (shape == "units") {
    const auto units = vocabulary::ParseList(parameters.units());
    if (!units) return UnknownWord("units", parameters.units());
    for (const double count : *units) hidden.push_back(static_cast<int>(count));
    return absl::OkStatus();
  }
  const int64_t layers = parameters.hidden_layers();
  const auto first = static_cast<double>(parameters.hidden_units());
  if (shape != "constant" && shape != "pyramid") return UnknownWord("shape", shape);
  for (int64_t i = 0; i < layers; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(layers);
    const double units = shape == "constant" ? first : first * std::pow(classes / first, share);
    hidden.push_back(static_cast<int>(std::lround(units)));
  }
  return absl::OkStatus();
}

absl::Status SetClassWeights(const std::string& text, const std::vector<int64_t>& examples,
                             std::vector<float>& weights) {
  const size_t classes = examples.size();
  if (text == "none") return absl::OkStatus();
  if (text == "balanced") {
    const auto all =
        static_cast<double>(std::accumulate(examples.begin(), examples.end(), int64_t{0}));
    for (const int64_t count : examples) {
      weights.push_back(
          static_cast<float>(all / (static_cast<double>(classes) * static_cast<double>(count))));
    }
    return absl::OkStatus();
  }
  const auto numbers = vocabulary::ParseList(text);
  if (!numbers) return UnknownWord("class_weights", text);
  if (numbers->size() != classes) {
    return absl::InvalidArgumentError(absl::StrCat("class_weights: ", numbers->size(),
                                                   " weights are given, but the data has ", classes,
                                                   " classes: give one for each, in their order"));
  }
  weights.assign(numbers->begin(), numbers->end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> ToSettings(const v1::BatchNormNetworkParameters& parameters, int inputs,
                                    int classes, const std::vector<int64_t>& examples) {
  Settings settings;
  Architecture& architecture = settings.architecture;
  architecture.inputs = inputs;
  architecture.classes = classes;
  architecture.batch_norm_momentum = parameters.batch_norm_momentum();
  architecture.batch_norm_epsilon = parameters.batch_norm_epsilon();
  architecture.bias_correction = parameters.bias_correction();
  UpdateRule& rule = settings.rule;
  rule.momentum = parameters.momentum();
  rule.beta1 = parameters.beta1();
  rule.beta2 = parameters.beta2();
  rule.epsilon = parameters.epsilon();
  rule.l2 = parameters.l2();
  rule.weight_decay = parameters.optimizer() == "adam" ? 0 : parameters.weight_decay();
  rule.clip_norm = parameters.clip_norm();
  rule.dropout = parameters.dropout();
  rule.label_smoothing = parameters.label_smoothing();
  settings.batch_size = static_cast<int>(parameters.batch_size());

  absl::Status status = SetHidden(parameters, classes, architecture.hidden);
  status.Update(SetClassWeights(parameters.class_weights(), examples, rule.class_weights));
  status.Update(Choose("activation", parameters.activation(),
                       {{"relu", Activation::kRelu},
                        {"leaky_relu", Activation::kLeakyRelu},
                        {"tanh", Activation::kTanh},
                        {"sigmoid", Activation::kSigmoid},
                        {"elu", Activation::kElu},
                        {"gelu", Activation::kGelu}},
                       architecture.activation));
  status.Update(Choose("batch_norm", parameters.batch_norm(),
                       {{"none", BatchNormPosition::kNone},
                        {"before_activation", BatchNormPosition::kBeforeActivation},
                        {"after_activation", BatchNormPosition::kAfterActivation}},
                       architecture.batch_norm));
  status.Update(Choose("optimizer", parameters.optimizer(),
                       {{"sgd", Optimizer::kSgd},
                        {"nesterov", Optimizer::kNesterov},
                        {"rmsprop", Optimizer::kRmsprop},
                        {"adam", Optimizer::kAdam},
                        {"adamw", Optimizer::kAdamw}},
                       rule.optimizer));
  status.Update(Choose("momentum_form", parameters.momentum_form(),
                       {{"course", false}, {"pytorch", true}}, rule.pytorch_momentum));
  status.Update(Choose("precision", parameters.precision(),
                       {{"float32", Precision::kFloat32}, {"mixed", Precision::kMixed}},
                       rule.precision));
  status.Update(Choose("initialization", parameters.initialization(),
                       {{"he", Initialization::kHe}, {"xavier", Initialization::kXavier}},
                       settings.initialization));
  if (!status.ok()) return status;
  return settings;
}

}  // namespace caviar::network
