#include "worker/network/settings.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numbers>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

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

}  // namespace

absl::StatusOr<Settings> ToSettings(const v1::BatchNormNetworkParameters& parameters, int inputs,
                                    int classes) {
  Settings settings;
  Architecture& architecture = settings.architecture;
  architecture.inputs = inputs;
  architecture.classes = classes;
  architecture.hidden.assign(static_cast<size_t>(parameters.hidden_layers()),
                             static_cast<int>(parameters.hidden_units()));
  architecture.batch_norm_momentum = parameters.batch_norm_momentum();
  architecture.batch_norm_epsilon = parameters.batch_norm_epsilon();
  UpdateRule& rule = settings.rule;
  rule.momentum = parameters.momentum();
  rule.beta1 = parameters.beta1();
  rule.beta2 = parameters.beta2();
  rule.epsilon = parameters.epsilon();
  rule.l2 = parameters.l2();
  settings.batch_size = static_cast<int>(parameters.batch_size());

  absl::Status status;
  status.Update(Choose("activation", parameters.activation(),
                       {{"relu", Activation::kRelu},
                        {"leaky_relu", Activation::kLeakyRelu},
                        {"tanh", Activation::kTanh},
                        {"sigmoid", Activation::kSigmoid}},
                       architecture.activation));
  status.Update(Choose("batch_norm", parameters.batch_norm(),
                       {{"none", BatchNormPosition::kNone},
                        {"before_activation", BatchNormPosition::kBeforeActivation},
                        {"after_activation", BatchNormPosition::kAfterActivation}},
                       architecture.batch_norm));
  status.Update(Choose("optimizer", parameters.optimizer(),
                       {{"sgd", Optimizer::kSgd}, {"adam", Optimizer::kAdam}}, rule.optimizer));
  status.Update(Choose("initialization", parameters.initialization(),
                       {{"he", Initialization::kHe}, {"xavier", Initialization::kXavier}},
                       settings.initialization));
  if (!status.ok()) return status;
  return settings;
}

absl::StatusOr<double> LearningRate(const v1::BatchNormNetworkParameters& parameters, int epoch,
                                    int epochs) {
  const double start = parameters.learning_rate();
  const absl::string_view schedule = parameters.learning_rate_schedule();
  if (schedule == "constant") return start;
  if (schedule == "inverse_time") return start / (1 + parameters.decay_rate() * epoch);
  if (schedule == "exponential") return start * std::exp(-parameters.decay_rate() * epoch);
  if (schedule == "step") {
    const int64_t steps = epoch / parameters.step_epochs();
    return start * std::pow(parameters.step_factor(), static_cast<double>(steps));
  }
  if (schedule == "cosine") return start * (1 + std::cos(std::numbers::pi * epoch / epochs)) / 2;
  return UnknownWord("learning_rate_schedule", schedule);
}

}  // namespace caviar::network
