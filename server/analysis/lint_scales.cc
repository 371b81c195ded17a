// Rules about the scales of parameters.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "server/analysis/course_order.h"
#include "server/analysis/lint.h"

namespace caviar::analysis {
namespace {

using v1::Parameter;

// From here on most of a linear axis is its last decade.
constexpr double kDecades = 100;
// A learning rate is one whatever its range; below this the scale hardly matters.
constexpr double kLearningRateRatio = 10;
// An average over ten times as many steps at one end as at the other.
constexpr double kAverageRatio = 10;

bool IsLinear(const Parameter& parameter) {
  return parameter.scale() == Parameter::LINEAR ||
         parameter.scale() == Parameter::SCALE_UNSPECIFIED;
}

bool IsNumber(const Parameter& parameter) {
  return parameter.type() == Parameter::DOUBLE || parameter.type() == Parameter::INT;
}

// true: said something.
bool LintLearningRate(const Parameter& parameter, Findings& findings) {
  if (!IsLearningRate(parameter.name()) || parameter.type() != Parameter::DOUBLE) return false;
  if (!IsLinear(parameter) || parameter.min() < 0) return false;
  const double min = parameter.min(), max = parameter.max();
  if (min > 0 && max / min < kLearningRateRatio) return false;
  const std::string bound =
      min > 0 ? "" : absl::StrCat(" and a min above 0, such as ", ShowNumber(max / 1000));
  findings.Warn("learning_rate_scale", parameter.name(),
                absl::StrCat("a learning rate from ", ShowNumber(min), " to ", ShowNumber(max),
                             " on a linear scale: nine trials in ten are above ",
                             ShowNumber(min + (max - min) / 10),
                             "; what counts is its order of magnitude: write scale: log", bound));
  return true;
}

bool LintAverage(const Parameter& parameter, Findings& findings) {
  if (!IsAverage(parameter.name()) || parameter.type() != Parameter::DOUBLE) return false;
  const bool wrong = IsLinear(parameter) || parameter.scale() == Parameter::LOG;
  const double min = parameter.min(), max = parameter.max();
  // Where 1 - max is 0 the ratio is infinite.
  if (!wrong || max > 1 || min < 0 || max < 0.95 || (1 - min) / (1 - max) < kAverageRatio) {
    return false;
  }
  const double from = std::max(min, 0.9);
  const std::string bound = max < 1 ? "" : " and a max below 1, such as 0.999";
  findings.Warn(
      "momentum_scale", parameter.name(),
      absl::StrCat(
          "averages over 1 / (1 - value) steps, but from ", ShowNumber(min), " to ",
          ShowNumber(max), " its scale is even in the value: ",
          ShowPercent((from - min) / (max - min)), " of the trials are below ", ShowNumber(from),
          "; write scale: one_minus_log, which tries 0.9 to 0.99 as often as 0.99 to 0.999",
          bound));
  return true;
}

void LintDecades(const Parameter& parameter, Findings& findings) {
  if (!IsLinear(parameter) || parameter.has_step() || !(parameter.min() > 0)) return;
  const double ratio = parameter.max() / parameter.min();
  if (ratio < kDecades) return;
  const double tenth = parameter.min() + (parameter.max() - parameter.min()) / 10;
  findings.Warn("linear_over_decades", parameter.name(),
                absl::StrCat("max is ", ShowNumber(ratio), " times min on a linear scale: nine ",
                             "trials in ten are above ", ShowNumber(tenth),
                             "; write scale: log, which tries every decade as often"));
}

}  // namespace

void LintScales(const LintSubject& subject, Findings& findings) {
  for (const Parameter& parameter : subject.study.parameters()) {
    if (parameter.has_value() || !IsNumber(parameter)) continue;
    if (LintLearningRate(parameter, findings) || LintAverage(parameter, findings)) continue;
    LintDecades(parameter, findings);
  }
}

}  // namespace caviar::analysis
