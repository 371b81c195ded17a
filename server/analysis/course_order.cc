#include "server/analysis/course_order.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace caviar::analysis {
namespace {

constexpr absl::string_view kLearningRates[] = {"learning_rate",
                                                "lr",
                                                "alpha",
                                                "eta",
                                                "eta0",
                                                "step_size",
                                                "stepsize",
                                                "init_lr",
                                                "initial_lr",
                                                "lr0",
                                                "base_lr",
                                                "max_lr",
                                                "peak_lr",
                                                "learning_rate_init",
                                                "initial_learning_rate",
                                                "base_learning_rate",
                                                "max_learning_rate",
                                                "learningrate"};

constexpr absl::string_view kMomenta[] = {"momentum", "beta", "sgd_momentum"};

constexpr absl::string_view kOtherAverages[] = {
    "beta1",      "beta2", "beta_1",    "beta_2",   "adam_beta1",
    "adam_beta2", "rho",   "ema_decay", "ema_rate", "batch_norm_momentum",
    "bn_momentum"};

constexpr absl::string_view kSecond[] = {"batch_size",
                                         "batchsize",
                                         "mini_batch_size",
                                         "minibatch_size",
                                         "mini_batch",
                                         "minibatch",
                                         "bs",
                                         "train_batch_size",
                                         "hidden_units",
                                         "units",
                                         "n_units",
                                         "num_units",
                                         "hidden_size",
                                         "hidden_dim",
                                         "n_hidden",
                                         "num_hidden",
                                         "hidden",
                                         "width",
                                         "layer_size",
                                         "hidden_layer_size",
                                         "hidden_layer_sizes",
                                         "n_neurons",
                                         "neurons"};

constexpr absl::string_view kThird[] = {"hidden_layers",
                                        "layers",
                                        "n_layers",
                                        "num_layers",
                                        "depth",
                                        "n_hidden_layers",
                                        "num_hidden_layers",
                                        "decay_rate",
                                        "learning_rate_decay",
                                        "lr_decay",
                                        "decay",
                                        "lr_decay_rate",
                                        "learning_rate_schedule",
                                        "lr_schedule",
                                        "lr_scheduler",
                                        "step_factor",
                                        "step_epochs",
                                        "lr_gamma"};

std::string Normalized(absl::string_view parameter) {
  const size_t dot = parameter.rfind('.');
  if (dot != absl::string_view::npos) parameter.remove_prefix(dot + 1);
  std::string name = absl::AsciiStrToLower(parameter);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

template <size_t count>
bool IsOneOf(const std::string& name, const absl::string_view (&names)[count]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

int ExpectedTier(absl::string_view parameter) {
  const std::string name = Normalized(parameter);
  if (IsOneOf(name, kLearningRates)) return 1;
  if (IsOneOf(name, kMomenta) || IsOneOf(name, kSecond)) return 2;
  return IsOneOf(name, kThird) ? 3 : 0;
}

bool IsLearningRate(absl::string_view parameter) {
  return IsOneOf(Normalized(parameter), kLearningRates);
}

bool IsAverage(absl::string_view parameter) {
  const std::string name = Normalized(parameter);
  return IsOneOf(name, kMomenta) || IsOneOf(name, kOtherAverages);
}

}  // namespace caviar::analysis
