// Rules about where the results lie in the space.
#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "server/analysis/importance.h"
#include "server/analysis/lint.h"

namespace caviar::analysis {
namespace {

using search_space::ModelAxis;
using v1::Parameter;

constexpr double kEdge = 0.05;  // of the axis
constexpr size_t kFewestResults = 20;
constexpr size_t kFewestEnded = 5;
constexpr double kManyFailed = 0.2;
constexpr double kManyInfeasible = 0.3;
constexpr int kTrialsForImportance = 50;
constexpr double kUnimportant = 0.01;

size_t Count(const LintSubject& subject, v1::Trial::State state) {
  return static_cast<size_t>(
      std::count_if(subject.trials.begin(), subject.trials.end(),
                    [state](const TrialRecord& trial) { return trial.state == state; }));
}

void LintFailures(const LintSubject& subject, Findings& findings) {
  const size_t failed = Count(subject, v1::Trial::FAILED);
  const size_t infeasible = Count(subject, v1::Trial::INFEASIBLE);
  const size_t ended = failed + infeasible + Count(subject, v1::Trial::COMPLETED) +
                       Count(subject, v1::Trial::PRUNED);
  if (ended < kFewestEnded) return;
  const auto share = [ended](size_t count) {
    return static_cast<double>(count) / static_cast<double>(ended);
  };
  if (share(failed) >= kManyFailed) {
    const auto last =
        std::find_if(subject.trials.rbegin(), subject.trials.rend(),
                     [](const TrialRecord& trial) { return trial.state == v1::Trial::FAILED; });
    findings.Warn(
        "many_failed", "",
        absl::StrCat(
            failed == ended ? "every trial" : absl::StrCat(failed, " of ", ended, " trials"),
            " FAILED, trial ", last->number, " last: ", vocabulary::Quoted(last->message),
            "; what fails teaches the sampler nothing: mend the trainer first"));
  }
  if (share(infeasible) >= kManyInfeasible) {
    findings.Warn("many_infeasible", "",
                  absl::StrCat(infeasible, " of ", ended, " trials have no finite objective: the ",
                               "ranges reach far into where training diverges, most often by too ",
                               "large a learning rate; narrow them"));
  }
}

// The bound moved outwards by half of the axis, on its scale; nullopt: it stays where it is.
std::optional<double> Widened(const Parameter& parameter, bool upper) {
  const double min = parameter.min(), max = parameter.max();
  double bound = 0;
  switch (parameter.scale()) {
    case Parameter::LOG:
      bound = upper ? max * std::sqrt(max / min) : min / std::sqrt(max / min);
      break;
    case Parameter::ONE_MINUS_LOG: {
      const double root = std::sqrt((1 - min) / (1 - max));
      bound = upper ? 1 - (1 - max) / root : 1 - (1 - min) * root;
      // An average over nothing is its end.
      if (!upper && bound < 0) bound = 0;
      break;
    }
    case Parameter::LOGIT:
      return std::nullopt;
    default:
      // 0 is where most quantities end, and 1 where shares do.
      if (!upper && min == 0) return std::nullopt;
      if (upper && max == 1 && min >= 0) return std::nullopt;
      bound = upper ? max + (max - min) / 2 : min - (max - min) / 2;
      if (min >= 0) bound = std::max(bound, 0.0);
  }
  if (parameter.type() == Parameter::INT) bound = std::round(bound);
  if (!std::isfinite(bound)) return std::nullopt;
  return (upper ? bound > max : bound < min) ? std::optional(bound) : std::nullopt;
}

// What the built-in trainer takes of a widened bound; nullopt: nothing beyond this one.
std::optional<double> Allowed(const LintSubject& subject, Parameter parameter, bool upper) {
  const auto wanted = Widened(parameter, upper);
  if (!wanted || !subject.study.trainer().has_batch_norm_network()) return wanted;
  v1::Study study;
  *study.mutable_trainer() = subject.study.trainer();
  parameter.clear_when();
  upper ? parameter.set_max(*wanted) : parameter.set_min(*wanted);
  *study.add_parameters() = parameter;
  const std::string field = absl::StrCat("parameters.", parameter.name(), upper ? ".max" : ".min");
  for (const auto& violation : vocabulary::CheckBatchNormNetworkParameters(study)) {
    if (violation.field() == field) return std::nullopt;
  }
  return wanted;
}

// Whether a place is near an end of the axis. Whole numbers own cells, so that their first and last
// place are not 0 and 1.
bool IsAtEdge(const ModelAxis& axis, double place, bool upper) {
  const bool ordered = axis.kind == ModelAxis::Kind::kOrdered;
  const double first = ordered ? axis.places.front() : 0, last = ordered ? axis.places.back() : 1;
  const double edge = kEdge * (last - first);
  return upper ? place >= last - edge : place <= first + edge;
}

void LintEdge(const LintSubject& subject, int axis, bool upper, Findings& findings) {
  const Parameter& parameter = subject.space.axis(axis);
  const ModelAxis& model = subject.space.model().axis(axis);
  const size_t top = std::max<size_t>(5, subject.best_first.size() / 20);
  size_t looked_at = 0, at_edge = 0;
  bool best_is = false;
  for (const size_t trial : subject.best_first) {
    if (looked_at == top) break;
    const auto point = subject.space.ToPoint(subject.trials[trial].parameters);
    if (!point.ok()) continue;
    const double place = subject.space.model().ToModel(*point)[static_cast<size_t>(axis)];
    if (std::isnan(place)) continue;
    const bool is = IsAtEdge(model, place, upper);
    if (looked_at++ == 0) best_is = is;
    if (is) ++at_edge;
  }
  // The ends of a short list of values are where many trials lie anyway.
  const bool few = model.kind == ModelAxis::Kind::kOrdered && model.places.size() < 10;
  const double needed = (few ? 0.8 : 0.6) * static_cast<double>(top);
  if (looked_at < top || !best_is || static_cast<double>(at_edge) < needed) return;
  const auto bound = Allowed(subject, parameter, upper);
  if (!bound) return;
  const std::string end = upper ? "max" : "min";
  findings.Warn("best_at_edge", parameter.name(),
                absl::StrCat(at_edge, " of the best ", top, " trials lie within ",
                             ShowPercent(kEdge), " of the axis at its ", end, ", ",
                             ShowNumber(upper ? parameter.max() : parameter.min()),
                             ": the best may lie beyond; try ", end, ": ", ShowNumber(*bound)));
}

void LintEdges(const LintSubject& subject, Findings& findings) {
  if (subject.best_first.size() < kFewestResults) return;
  for (int axis = 0; axis < subject.space.dimensions(); ++axis) {
    const Parameter::Type type = subject.space.axis(axis).type();
    if (type != Parameter::DOUBLE && type != Parameter::INT) continue;
    for (const bool upper : {false, true}) LintEdge(subject, axis, upper, findings);
  }
}

void LintImportance(const LintSubject& subject, Findings& findings) {
  const int dimensions = subject.space.dimensions();
  if (dimensions < 3 || subject.best_first.empty()) return;
  const auto importance = ComputeImportance(subject.study, subject.goal, subject.trials);
  const TrialRecord& best = subject.trials[subject.best_first.front()];
  for (const v1::ParameterImportance& parameter : importance.parameters()) {
    const bool known = parameter.trials() >= std::max(kTrialsForImportance, 10 * dimensions);
    const auto value = best.parameters.find(parameter.parameter());
    if (!known || parameter.importance() >= kUnimportant || value == best.parameters.end()) {
      continue;
    }
    // Nothing can be said where nothing matters.
    if (importance.parameters(0).importance() == 0) return;
    findings.Note(
        "unimportant", parameter.parameter(),
        absl::StrCat("has ", ShowPercent(parameter.importance()), " of the importance over ",
                     parameter.trials(),
                     " trials: fix it next time, value: ", vocabulary::FormatValue(value->second),
                     " (the best trial's), and search fewer dimensions"));
  }
}

}  // namespace

void LintResults(const LintSubject& subject, Findings& findings) {
  LintFailures(subject, findings);
  LintEdges(subject, findings);
  LintImportance(subject, findings);
}

}  // namespace caviar::analysis
