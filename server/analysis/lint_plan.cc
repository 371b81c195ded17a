// Rules about limits, samplers and pruners.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "server/analysis/lint.h"
#include "server/pruning/pruner.h"
#include "server/search_space/grid.h"

namespace caviar::analysis {
namespace {

using v1::Sampler;

// Trials a dimension: below the first there is hardly more than one value of each parameter to
// compare; the second is the usual size of a first design.
constexpr int kScarce = 2;
constexpr int kUsual = 10;
constexpr double kSmallGrid = 9;
constexpr double kLittleSaved = 0.3;

bool Learns(const v1::Study& study) {
  switch (study.sampler().algorithm()) {
    case Sampler::RANDOM:
    case Sampler::SOBOL:
    case Sampler::GRID:
      return false;
    default:
      return true;
  }
}

void LintLimits(const LintSubject& subject, Findings& findings) {
  const v1::Study& study = subject.study;
  const v1::Limits& limits = study.limits();
  // Loops of one's own end when their owner ends them; finite spaces when they are used up.
  const bool ends_anyway = study.trainer().has_external() ||
                           study.sampler().algorithm() == Sampler::GRID ||
                           subject.space.model().configurations() <= 10000;
  if (ends_anyway || limits.has_max_trials() || limits.has_max_duration() ||
      limits.has_max_steps() || limits.has_no_gain() || study.objective().has_target()) {
    return;
  }
  findings.Warn("no_limits", "",
                absl::StrCat("nothing ends this study but a person: write limits, such as ",
                             "max_trials: ", kUsual * std::max(1, subject.space.dimensions()),
                             " or max_duration: 8h"));
}

void LintTrials(const LintSubject& subject, Findings& findings) {
  const v1::Limits& limits = subject.study.limits();
  const int dimensions = subject.space.dimensions();
  if (!limits.has_max_trials() || dimensions < 2) return;
  const int trials = limits.max_trials();
  if (subject.space.model().configurations() <= trials || trials >= kUsual * dimensions) return;
  const std::string message =
      absl::StrCat(vocabulary::Counted(trials, "trial"), " for ", dimensions, " parameters",
                   trials == 1 ? " is " : " are ",
                   ShowNumber(static_cast<double>(trials) / dimensions), " a parameter; ",
                   kUsual * dimensions, " are usual: raise limits.max_trials, or fix what matters ",
                   "least (learning rate first; layers and decay last)");
  if (trials < kScarce * dimensions) {
    findings.Warn("too_few_trials", "", message);
  } else {
    findings.Note("too_few_trials", "", message);
  }
}

void LintParallel(const LintSubject& subject, Findings& findings) {
  const v1::Limits& limits = subject.study.limits();
  if (!limits.has_max_trials() || !limits.has_parallel() || !Learns(subject.study)) return;
  if (limits.parallel() < 2 || limits.parallel() <= limits.max_trials() / 3) return;
  if (subject.space.model().configurations() <= limits.max_trials()) return;
  const int most = std::max(1, limits.max_trials() / 5);
  findings.Warn("parallel_too_large", "",
                absl::StrCat("with parallel: ", limits.parallel(), " of ", limits.max_trials(),
                             " trials, ", std::min(limits.parallel(), limits.max_trials()),
                             " start before the first result is there, and the sampler hardly ",
                             "learns: parallel: ", most, ", or more trials"));
}

void LintGrid(const LintSubject& subject, Findings& findings) {
  if (subject.study.sampler().algorithm() != Sampler::GRID) return;
  const search_space::Grid grid(subject.space);
  if (grid.size() < kSmallGrid) return;
  int wasteful = 0, worst = -1;
  double worst_ratio = 0;
  for (int axis = 0; axis < subject.space.dimensions(); ++axis) {
    const auto values = static_cast<double>(grid.coordinates(axis).size());
    const double random = search_space::ExpectedValues(subject.space.axis(axis), grid.size());
    if (random < 2 * values) continue;
    ++wasteful;
    if (random / values <= worst_ratio) continue;
    worst_ratio = random / values;
    worst = axis;
  }
  if (wasteful < 2) return;
  const v1::Parameter& parameter = subject.space.axis(worst);
  const double random = search_space::ExpectedValues(parameter, grid.size());
  findings.Warn(
      "wasteful_grid", parameter.name(),
      absl::StrCat(
          "a grid of ", ShowNumber(grid.size()), " trials tries ",
          vocabulary::Counted(static_cast<int64_t>(grid.coordinates(worst).size()), "value"),
          " of ", parameter.name(), "; as many random ones would try ",
          ShowNumber(std::floor(random)),
          ", and one rarely knows beforehand which parameter matters: sobol, ", "or auto"));
}

// The steps that are saved at most: of the trials that the first rung ends.
void LintRungs(const LintSubject& subject, Findings& findings) {
  const v1::Pruner& pruner = subject.study.pruner();
  const bool rungs =
      pruner.algorithm() == v1::Pruner::ASHA || pruner.algorithm() == v1::Pruner::HYPERBAND;
  const int64_t max_step = pruning::MaxStep(subject.study);
  if (max_step < 2 || (!rungs && pruner.algorithm() != v1::Pruner::MEDIAN)) return;
  const double ended = rungs ? 1 - 1.0 / pruner.eta() : 0.5;
  const double left =
      std::max(0.0, 1 - static_cast<double>(pruner.grace()) / static_cast<double>(max_step));
  if (ended * left >= kLittleSaved) return;
  findings.Warn("late_rungs", "",
                absl::StrCat("the pruner ends no trial before step ", pruner.grace(), " of ",
                             max_step, ", and so saves ", ShowPercent(ended * left),
                             " of the steps at most: a lower grace", rungs ? ", a higher eta" : "",
                             ", or more epochs"));
}

}  // namespace

void LintPlan(const LintSubject& subject, Findings& findings) {
  LintLimits(subject, findings);
  LintTrials(subject, findings);
  LintParallel(subject, findings);
  LintGrid(subject, findings);
  LintRungs(subject, findings);
}

}  // namespace caviar::analysis
