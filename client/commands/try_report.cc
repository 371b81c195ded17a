#include "client/commands/try_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "caviar/v1/objectives.h"
#include "client/commands/log_text.h"
#include "client/commands/pattern_guess.h"
#include "client/commands/session.h"
#include "client/render/number.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// Lines that are looked through for metrics.
constexpr size_t kMostLines = 2000;
constexpr size_t kMostGuesses = 3;

std::string StateText(const LocalOutcome& outcome) {
  switch (outcome.state) {
    case v1::Trial::CANCELLED:
      return "stopped";
    case v1::Trial::WAITING:
      return "to be run again";
    default:
      return v1::Trial::State_Name(outcome.state);
  }
}

// In single quotes, as YAML has it.
std::string Single(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

bool HasRungs(const v1::Pruner& pruner) {
  return pruner.algorithm() == v1::Pruner::ASHA || pruner.algorithm() == v1::Pruner::HYPERBAND;
}

}  // namespace

std::string TryReport::AddLine(absl::string_view line) {
  lines_.push_back(ShownLine(line));
  if (lines_.size() > kMostLines) lines_.pop_front();
  return lines_.back();
}

void TryReport::AddMeasurement(const v1::Measurement& measurement) {
  ++measurements_;
  last_step_ = measurement.step();
  for (const auto& [name, value] : measurement.metrics()) {
    Metric& metric = metrics_[name];
    metric.lowest = metric.times == 0 ? value : std::fmin(metric.lowest, value);
    metric.highest = metric.times == 0 ? value : std::fmax(metric.highest, value);
    metric.last = value;
    ++metric.times;
  }
}

void TryReport::AddCheckpoint(int64_t step) { checkpoint_ = step; }

std::vector<std::string> TryReport::NeededMetrics() const {
  std::vector<std::string> names;
  for (const v1::Objective& objective : vocabulary::ObjectivesOf(study_)) {
    names.push_back(objective.metric());
  }
  for (const v1::Constraint& constraint : study_.constraints()) {
    names.push_back(constraint.metric());
  }
  return names;
}

bool TryReport::is_complete() const {
  const std::vector<std::string> needed = NeededMetrics();
  return std::all_of(needed.begin(), needed.end(),
                     [this](const std::string& name) { return metrics_.contains(name); });
}

std::string TryReport::MetricsTable(bool colors) const {
  render::Table table(
      {{"metric"}, {"times", true}, {"last", true}, {"lowest", true}, {"highest", true}});
  std::vector<std::string> names = NeededMetrics();
  names.insert(names.end(), study_.metrics().begin(), study_.metrics().end());
  for (const auto& [name, metric] : metrics_) names.push_back(name);
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (std::find(shown.begin(), shown.end(), name) != shown.end()) continue;
    shown.push_back(name);
    const auto found = metrics_.find(name);
    if (found == metrics_.end()) {
      table.AddRow({name, {"never", render::Color::kRed}});
      continue;
    }
    const Metric& metric = found->second;
    table.AddRow({name, absl::StrCat(metric.times), render::FormatShortNumber(metric.last),
                  render::FormatShortNumber(metric.lowest),
                  render::FormatShortNumber(metric.highest)});
  }
  return table.empty() ? "" : table.Render(colors);
}

std::string TryReport::AdviceForMissing(const std::string& metric) const {
  std::string text = absl::StrCat(metric, " was never measured.");
  const auto guesses = GuessPatterns(metric, {lines_.begin(), lines_.end()}, kMostGuesses);
  if (!guesses.empty()) {
    absl::StrAppend(&text, " Lines that look like it, and what reads them, under trainer.command:");
    for (const PatternGuess& guess : guesses) {
      absl::StrAppend(&text, "\n  | ", guess.line, "\n    patterns: [", Single(guess.pattern), "]");
    }
    return text;
  }
  std::vector<std::string> others;
  for (const auto& [name, other] : metrics_) others.push_back(name);
  if (!others.empty()) {
    absl::StrAppend(&text, " The program measured ", absl::StrJoin(others, ", "),
                    "; is one of them meant?\n    objective: {metric: ", others[0], ", goal: ...}");
    return text;
  }
  return absl::StrCat(
      text,
      " No line of the program looks like it. Let it print, after each epoch, a line such as\n",
      "    caviar: {\"step\": 1, \"", metric, "\": 0.93}\nor ", metric, "=0.93");
}

std::vector<std::string> TryReport::Advice(const LocalOutcome& outcome) const {
  std::vector<std::string> advice;
  if (outcome.state == v1::Trial::FAILED && lines_.empty() && measurements_ == 0) {
    advice.push_back("The program printed nothing.");
  }
  for (const std::string& name : NeededMetrics()) {
    if (!metrics_.contains(name)) advice.push_back(AdviceForMissing(name));
  }
  for (const std::string& name : study_.metrics()) {
    if (metrics_.contains(name)) continue;
    advice.push_back(absl::StrCat(name, ", of `metrics`, was never measured."));
  }
  const v1::Pruner& pruner = study_.pruner();
  if (HasRungs(pruner) && last_step_ && !pruner.has_max_step()) {
    advice.push_back(
        absl::StrCat("pruner.max_step is missing, the longest training in steps; this one had ",
                     *last_step_, ":\n    max_step: ", *last_step_));
  } else if (HasRungs(pruner) && last_step_ && *last_step_ != pruner.max_step() &&
             outcome.state == v1::Trial::COMPLETED) {
    advice.push_back(absl::StrCat("pruner.max_step is ", pruner.max_step(),
                                  ", and the training ended at step ", *last_step_, "."));
  } else if (pruner.algorithm() > v1::Pruner::NONE && measurements_ == 1) {
    advice.push_back(
        "It was measured only once, so the pruner has nothing to compare: let the program report "
        "each epoch.");
  }
  if (study_.trainer().command().resumable() && !checkpoint_) {
    advice.push_back(
        "resumable is true, and no checkpoint was written: one counts once it is renamed to "
        "$CAVIAR_CHECKPOINT_DIR/step-N.");
  }
  return advice;
}

std::string TryReport::Text(const LocalOutcome& outcome, absl::Duration duration,
                            bool colors) const {
  LocalOutcome shown = outcome;
  if (outcome.state == v1::Trial::COMPLETED && !is_complete()) {
    // As the coordinator would judge it.
    shown = {v1::Trial::FAILED, "it ended well, and did not measure all that the study needs"};
  }
  std::string text = absl::StrCat(
      render::Paint(StateText(shown), Session::StateCell(StateText(shown)).color, colors),
      " after ", render::DurationText(duration));
  if (!shown.message.empty()) {
    absl::StrAppend(&text, ": ", render::Printable(shown.message));
  }
  absl::StrAppend(&text, "\n", MetricsTable(colors));
  if (outcome.state == v1::Trial::CANCELLED) return text;
  const std::vector<std::string> advice = Advice(outcome);
  for (const std::string& paragraph : advice) absl::StrAppend(&text, "\n", paragraph, "\n");
  if (advice.empty() && outcome.state == v1::Trial::COMPLETED) {
    absl::StrAppend(&text, "\nnothing is missing; `caviar run` tunes with it on this machine\n");
  }
  return text;
}

}  // namespace caviar::commands
