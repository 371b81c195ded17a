#include "client/study_file/presets.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::study_file {
namespace {

constexpr absl::string_view kBatchNormMlp = "batch-norm-mlp";

// The ranges, scales and order of importance are those of the course "Improving Deep Neural
// Networks" (deeplearning.ai), week 3: tune what stands first first.
constexpr absl::string_view kBatchNormMlpText = R"(# A multilayer perceptron with batch norm.
# `caviar study create FILE` starts it, `caviar study schema` tells editors what may stand here.

study: batch-norm-mlp

# value: best (default) or last measurement of a trial; target: 0.95 would end the study there.
objective: {metric: validation_accuracy, goal: maximize}

trainer:
  batch_norm_network:
    # Paths are absolute, or relative to the workers' --dataset-dir. A CSV file with a header:
    #   data: {format: csv, train: train.csv, test: test.csv, label: NAME-OF-THE-CLASS-COLUMN}
    data:
      format: idx
      train_images: train-images-idx3-ubyte.gz
      train_labels: train-labels-idx1-ubyte.gz
      test_images: t10k-images-idx3-ubyte.gz      # touched once, for the best trial, at the end
      test_labels: t10k-labels-idx1-ubyte.gz
      validation_fraction: 0.1                    # trials are compared on this part
    epochs: 10

# auto learns from what was tried; random, sobol, grid, coarse_to_fine, tpe, gp and cma_es are there too.
sampler: {algorithm: auto, seed: 1}

# Also max_failed, max_attempts, and max_duration, such as 2h30m.
limits: {max_trials: 70, parallel: 4}

# In order of importance.
parameters:
  # First: the learning rate, on a log scale, so that 1e-4 to 1e-3 is tried as often as 0.1 to 1.
  learning_rate: {type: double, min: 1e-4, max: 1.0, scale: log}

  # Second: momentum, mini-batch size, hidden units.
  optimizer: {type: categorical, values: [sgd, adam]}
  # One minus it is on a log scale: 0.9 averages over 10 gradients, 0.999 over 1000.
  momentum: {type: double, min: 0.9, max: 0.999, scale: one_minus_log, when: {optimizer: sgd}}
  batch_size: {type: ordinal, values: [64, 128, 256, 512]}
  hidden_units: {type: int, min: 50, max: 100}

  # Third: layers and learning-rate decay, learning_rate / (1 + decay_rate * epoch).
  hidden_layers: {type: int, min: 2, max: 4}
  decay_rate: {type: double, min: 0.01, max: 1.0, scale: log}

  # Hardly ever worth tuning: Adam's own.
  beta1: {value: 0.9, when: {optimizer: adam}}
  beta2: {value: 0.999, when: {optimizer: adam}}
  epsilon: {value: 1e-8, when: {optimizer: adam}}
)";

}  // namespace

std::vector<std::string> PresetNames() { return {std::string(kBatchNormMlp)}; }

absl::StatusOr<std::string> Preset(absl::string_view name) {
  if (name == kBatchNormMlp) return std::string(kBatchNormMlpText);
  const std::string near = vocabulary::NearestName(name, PresetNames());
  return absl::NotFoundError(
      absl::StrCat("no preset \"", name, "\"; there is ", absl::StrJoin(PresetNames(), ", "),
                   near.empty() ? "" : absl::StrCat("; did you mean \"", near, "\"?")));
}

}  // namespace caviar::study_file
