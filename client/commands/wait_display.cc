#include "client/commands/wait_display.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "caviar/v1/objectives.h"
#include "client/commands/outcome_text.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// With all repeats, where limits.max_trials says it.
int64_t TrialsToCome(const v1::Study& study) {
  return int64_t{study.limits().max_trials()} * RepeatsOf(study);
}

}  // namespace

std::optional<absl::Duration> TimeLeft(const v1::Study& study) {
  if (study.state() != v1::Study::ACTIVE) return std::nullopt;
  const absl::Duration active = render::ToDuration(study.active_duration());
  std::optional<absl::Duration> left;
  const int final_trials = FinalTrials(study.trial_counts());
  if (study.limits().has_max_trials() && final_trials > 0) {
    left = active * std::max<int64_t>(0, TrialsToCome(study) - final_trials) / final_trials;
  }
  if (study.limits().has_max_duration()) {
    const absl::Duration end =
        std::max(render::ToDuration(study.limits().max_duration()) - active, absl::ZeroDuration());
    left = std::min(left.value_or(end), end);
  }
  return left;
}

render::Progress ProgressOf(const v1::Study& study) {
  render::Progress progress;
  progress.failed = study.trial_counts().failed();
  progress.done = FinalTrials(study.trial_counts()) - progress.failed;
  progress.running = study.trial_counts().running();
  if (study.limits().has_max_trials()) {
    progress.total = static_cast<int>(std::min<int64_t>(TrialsToCome(study), INT32_MAX));
  }
  if (study.has_best_trial()) {
    progress.best = absl::StrCat("best ", BestObjectiveText(study, /*is_short=*/true), " (trial ",
                                 study.best_trial(), ")");
  } else if (study.trial_counts().completed() > 0 && !study.constraints().empty() &&
             !vocabulary::HasSeveralObjectives(study) && RepeatsOf(study) == 1) {
    progress.best = "none keeps the constraints";
  }
  progress.time_left = TimeLeft(study);
  return progress;
}

std::string SummaryOf(const v1::Study& study, const v1::Trial* best, const std::string& instead) {
  std::string text = absl::StrCat("study ", study.name(), " ",
                                  absl::AsciiStrToLower(v1::Study::State_Name(study.state())));
  if (study.end_reason() != v1::Study::END_REASON_UNSPECIFIED) {
    absl::StrAppend(&text, " (",
                    absl::AsciiStrToLower(v1::Study::EndReason_Name(study.end_reason())), ")");
  }
  if (study.has_active_duration()) {
    absl::StrAppend(&text, " after ",
                    render::DurationText(render::ToDuration(study.active_duration())));
  }
  absl::StrAppend(&text, ": ", CountsText(study.trial_counts()));
  const bool repeats = RepeatsOf(study) > 1;
  if (study.has_best_trial()) {
    absl::StrAppend(&text, "; best trial ", study.best_trial(), repeats ? " and its repeats" : "",
                    ": ", study.objective().metric(), " ",
                    BestObjectiveText(study, /*is_short=*/false));
  } else {
    absl::StrAppend(&text, "; ", instead);
  }
  if (best != nullptr) {
    if (best->has_objective_step() && !repeats)
      absl::StrAppend(&text, " at step ", best->objective_step());
    absl::StrAppend(&text, " with ", ParametersText(study, *best));
  }
  const std::string test = TestEvaluationText(study);
  if (!test.empty()) absl::StrAppend(&text, "; test set: ", test);
  return render::Printable(text);
}

WaitDisplay::WaitDisplay(Session& session)
    : session_(session),
      has_bar_(session.is_table() && session.environment().out_is_terminal),
      has_lines_(session.is_table() && !session.environment().out_is_terminal) {}

void WaitDisplay::Show(const v1::WatchStudyResponse& change) {
  if (has_lines_) {
    for (const v1::Trial& trial : change.finished()) {
      if (printed_.insert(trial.number()).second) PrintTrial(change.study(), trial);
    }
    session_.out().flush();
  }
  if (has_bar_) {
    // One column less than there are: a full line would wrap on some terminals.
    const int width = session_.environment().terminal_width() - 1;
    session_.out() << render::kEraseLine << render::ProgressLine(ProgressOf(change.study()), width)
                   << std::flush;
    is_drawn_ = true;
  }
}

void WaitDisplay::PrintTrial(const v1::Study& study, const v1::Trial& trial) {
  std::string text =
      absl::StrCat("trial ", trial.number(), " ", v1::Trial::State_Name(trial.state()));
  for (const std::string& metric : ShownMetrics(study)) {
    const auto value = MetricOf(study, trial, metric);
    if (value) absl::StrAppend(&text, " ", metric, "=", render::FormatShortNumber(*value));
  }
  if (trial.has_feasible()) absl::StrAppend(&text, " feasible=", FeasibleText(trial));
  if (trial.has_objective_step()) absl::StrAppend(&text, " step=", trial.objective_step());
  if (trial.has_repeat_of() && trial.repeat_of() != trial.number()) {
    absl::StrAppend(&text, " repeat_of=", trial.repeat_of());
  }
  if (!trial.worker().empty()) absl::StrAppend(&text, " worker=", trial.worker());
  const std::string parameters = ParametersText(study, trial);
  if (!parameters.empty()) absl::StrAppend(&text, " ", parameters);
  const bool is_bad = trial.state() != v1::Trial::COMPLETED;
  if (is_bad && !trial.message().empty()) absl::StrAppend(&text, ": ", trial.message());
  session_.out() << render::Printable(text) << "\n";
}

void WaitDisplay::Complain(const std::string& message) {
  Clear();
  session_.Complain(message);
  session_.environment().err.flush();
}

void WaitDisplay::Clear() {
  if (!is_drawn_) return;
  session_.out() << render::kEraseLine << std::flush;
  is_drawn_ = false;
}

}  // namespace caviar::commands
