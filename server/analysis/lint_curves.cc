// Rules about learning curves and the pruner's decisions.
#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/analysis/lint.h"

namespace caviar::analysis {
namespace {

constexpr size_t kTop = 5;
constexpr size_t kFewestSteps = 4;
constexpr double kStillGains = 0.1;  // of all that a curve gains, in its last quarter
constexpr size_t kFewestCurves = 10;
constexpr size_t kNoiseSteps = 6;
constexpr size_t kFewestDecisions = 20;
constexpr double kNearlyAll = 0.9;

// The losses of a curve; empty where one is not finite.
std::vector<double> Losses(const LintSubject& subject, const TrialRecord& trial) {
  std::vector<double> losses;
  for (const Measured& measured : trial.curve) {
    if (!std::isfinite(measured.value)) return {};
    losses.push_back(Loss(subject.goal, measured.value));
  }
  return losses;
}

// The share of a curve's gain that its last quarter brings; 0 where its best value is not its last.
double LastGain(const std::vector<double>& losses) {
  const size_t quarter = losses.size() - std::max<size_t>(1, losses.size() / 4) - 1;
  const double before =
      *std::min_element(losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(quarter) + 1);
  const double last = losses.back();
  if (last > *std::min_element(losses.begin(), losses.end())) return 0;
  const double all = losses.front() - last;
  return all > 0 ? (before - last) / all : 0;
}

void LintImproving(const LintSubject& subject, Findings& findings) {
  // Wilcoxon's steps are instances, not time.
  if (subject.study.pruner().algorithm() == v1::Pruner::WILCOXON) return;
  if (subject.best_first.size() < kTop) return;
  size_t improving = 0;
  double sum = 0;
  int64_t step = 0;
  for (size_t i = 0; i < kTop; ++i) {
    const TrialRecord& trial = subject.trials[subject.best_first[i]];
    const std::vector<double> losses = Losses(subject, trial);
    if (losses.size() < kFewestSteps) continue;
    const double gain = LastGain(losses);
    if (gain < kStillGains) continue;
    ++improving;
    sum += gain;
    step = std::max(step, trial.curve.back().step);
  }
  if (improving < kTop - 1) return;
  const bool network = subject.study.trainer().has_batch_norm_network();
  findings.Warn(
      "still_improving", "",
      absl::StrCat(improving, " of the best ", kTop, " trials are best at their last ", "step, ",
                   step, ", and gained ", ShowPercent(sum / static_cast<double>(improving)),
                   " of all they gained in their last quarter: train longer",
                   network ? absl::StrCat(", such as epochs: ", 2 * step) : ""));
}

// How far a curve's second half moves from one step to the next beside its trend: the standard
// deviation of second differences, which is sqrt(6) times that of independent noise.
double Noise(const std::vector<double>& losses) {
  const size_t from = losses.size() / 2;
  double sum = 0;
  size_t count = 0;
  for (size_t i = from + 1; i + 1 < losses.size(); ++i) {
    const double second = losses[i - 1] - 2 * losses[i] + losses[i + 1];
    sum += second * second;
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count) / 6);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void LintFlat(const LintSubject& subject, Findings& findings) {
  if (subject.best_first.size() < kFewestCurves) return;
  std::vector<double> objectives, noises;
  for (const size_t trial : subject.best_first) {
    objectives.push_back(*subject.trials[trial].objective);
    const std::vector<double> losses = Losses(subject, subject.trials[trial]);
    if (losses.size() >= 2 * kNoiseSteps) noises.push_back(Noise(losses));
  }
  // Between the quartiles, so that a few bad trials do not count.
  const double spread =
      std::abs(objectives[objectives.size() / 4] - objectives[3 * objectives.size() / 4]);
  const std::string metric = subject.study.objective().metric();
  if (spread == 0) {
    findings.Warn("flat_objective", "",
                  absl::StrCat("half of the ", objectives.size(), " results are the same, ",
                               ShowNumber(objectives[objectives.size() / 2]), ": ", metric,
                               " does not tell configurations apart; a finer metric would"));
    return;
  }
  if (noises.size() < kFewestCurves || Median(noises) < spread) return;
  findings.Warn(
      "flat_objective", "",
      absl::StrCat("half of the ", objectives.size(), " results lie within ", ShowNumber(spread),
                   ", and one trial's ", metric, " moves by ", ShowNumber(Median(noises)),
                   " from step to step: which is best is chance; use repeats, or a ",
                   "larger validation set"));
}

void LintFirstRung(const LintSubject& subject, Findings& findings) {
  const v1::Pruner& pruner = subject.study.pruner();
  // The first rung of a pruner with rungs, the first step at which the others end a trial.
  if (!pruner.has_grace()) return;
  const int64_t first = pruner.grace();
  size_t reached = 0, stopped = 0;
  for (const TrialRecord& trial : subject.trials) {
    const bool there = !trial.curve.empty() && trial.curve.back().step >= first;
    if (!there) continue;
    ++reached;
    for (const Decided& decided : trial.decisions) {
      if (decided.step == first && decided.decision == v1::PrunerDecision::STOP) ++stopped;
    }
  }
  const double share =
      static_cast<double>(stopped) / static_cast<double>(std::max<size_t>(1, reached));
  // A large eta means it.
  const double meant = pruner.has_eta() ? 1 - 1.0 / pruner.eta() : 0;
  if (reached < kFewestDecisions || share <= std::max(kNearlyAll, meant + 0.05)) return;
  const std::string name = absl::AsciiStrToLower(v1::Pruner::Algorithm_Name(pruner.algorithm()));
  findings.Warn("first_rung_stops_all", "",
                absl::StrCat(name, " ended ", stopped, " of ", reached, " trials at step ", first,
                             ", where they had hardly begun: a higher grace, such as ", 3 * first));
}

}  // namespace

void LintCurves(const LintSubject& subject, Findings& findings) {
  LintImproving(subject, findings);
  LintFlat(subject, findings);
  LintFirstRung(subject, findings);
}

}  // namespace caviar::analysis
