#include "client/commands/fit.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_format.h"

namespace caviar::commands {
namespace {

constexpr double kMostTrainingError = 0.05;
constexpr double kLeastGap = 0.02;
constexpr double kLeastGapOfTrainingError = 0.5;

struct Errors {
  int64_t step = 0;
  double training = 0;
  double validation = 0;
};

// 1 - the accuracy; none: it was not measured, or is no share.
std::optional<double> ErrorOf(const v1::Measurement& measurement, const char* accuracy) {
  const auto found = measurement.metrics().find(accuracy);
  if (found == measurement.metrics().end()) return std::nullopt;
  const double error = 1 - found->second;
  return error >= 0 && error <= 1 ? std::optional(error) : std::nullopt;
}

std::optional<Errors> ErrorsOf(const v1::Trial& trial) {
  std::optional<Errors> errors;
  for (const v1::Measurement& measurement : trial.measurements()) {
    if (trial.has_objective_step() && measurement.step() != trial.objective_step()) continue;
    const auto training = ErrorOf(measurement, "train_accuracy");
    const auto validation = ErrorOf(measurement, "validation_accuracy");
    if (training && validation) errors = Errors{measurement.step(), *training, *validation};
  }
  return errors;
}

}  // namespace

Fit JudgeFit(double training_error, double validation_error) {
  const double gap = validation_error - training_error;
  const bool bias = training_error > kMostTrainingError;
  const bool variance = gap > std::max(kLeastGap, kLeastGapOfTrainingError * training_error);
  if (bias && variance) return Fit::kBoth;
  if (bias) return Fit::kBias;
  return variance ? Fit::kVariance : Fit::kGood;
}

std::string FitSentence(const v1::Trial& trial) {
  const auto errors = ErrorsOf(trial);
  if (!errors) return "";
  const std::string numbers =
      absl::StrFormat("at step %d the training error is %.2f %% and the validation error %.2f %%",
                      errors->step, 100 * errors->training, 100 * errors->validation);
  switch (JudgeFit(errors->training, errors->validation)) {
    case Fit::kBias:
      return absl::StrFormat(
          "High bias: %s; it does not fit what it is trained on: try a bigger network, longer "
          "training, or another architecture.",
          numbers);
    case Fit::kVariance:
      return absl::StrFormat(
          "High variance: %s; what it learns does not carry over: try more data, l2, or dropout.",
          numbers);
    case Fit::kBoth:
      return absl::StrFormat(
          "High bias and high variance: %s; first a bigger network, longer training, or another "
          "architecture, then more data, l2, or dropout.",
          numbers);
    case Fit::kGood:
      break;
  }
  return absl::StrFormat("Neither bias nor variance stands out: %s.", numbers);
}

}  // namespace caviar::commands
