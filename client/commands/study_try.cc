#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/commands/code_upload.h"
#include "client/commands/command_line.h"
#include "client/commands/program_text.h"
#include "client/commands/study_definition.h"
#include "client/commands/trial_arguments.h"
#include "client/commands/trial_text.h"
#include "client/commands/try_report.h"
#include "client/render/number.h"
#include "client/render/text.h"
#include "client/study_file/first_configuration.h"

namespace caviar::commands {
namespace {

struct TryArguments {
  std::string file;
  std::vector<std::string> values;
};

// Prints what happens as it happens, and hands it to the report.
class Watcher final : public LocalTrialWatcher {
 public:
  Watcher(Session& session, TryReport& report) : session_(session), report_(report) {}

  void OnStart(const std::vector<std::string>& words,
               const std::map<std::string, std::string>& variables,
               const std::string& folder) override {
    std::ostream& out = session_.out();
    out << "in " << render::Printable(folder) << "\n";
    for (const auto& [name, value] : variables) {
      out << "  " << render::Printable(absl::StrCat(name, "=", value)) << "\n";
    }
    out << "$ " << render::Printable(WordsText(words)) << "\n" << std::flush;
  }

  void OnMeasurement(const v1::Measurement& measurement) override {
    FinishLine();
    report_.AddMeasurement(measurement);
    const std::map<std::string, double> sorted(measurement.metrics().begin(),
                                               measurement.metrics().end());
    const auto pair = [](std::string* out, const auto& metric) {
      absl::StrAppend(out, metric.first, "=", render::FormatNumber(metric.second));
    };
    Note(absl::StrCat("measured at step ", measurement.step(), ": ",
                      absl::StrJoin(sorted, " ", pair)));
  }

  void OnCheckpoint(int64_t step) override {
    FinishLine();
    report_.AddCheckpoint(step);
    Note(absl::StrCat("checkpoint at step ", step));
  }

  void OnLog(absl::string_view text) override {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      absl::StrAppend(&line_,
                      text.substr(0, std::min(end, kMaxLine - std::min(kMaxLine, line_.size()))));
      if (end == absl::string_view::npos) break;
      PrintLine();
      text.remove_prefix(end + 1);
    }
  }

  bool ShouldStop() const override { return stop_; }
  void Stop() { stop_ = true; }

  // A line that has no end yet.
  void FinishLine() {
    if (!line_.empty()) PrintLine();
  }

 private:
  // Of a longer one the rest is not shown.
  static constexpr size_t kMaxLine = 4096;

  void PrintLine() {
    const std::string shown = report_.AddLine(line_);
    session_.out() << "| " << shown << "\n" << std::flush;
    line_.clear();
  }

  void Note(const std::string& text) {
    session_.out() << render::Paint(absl::StrCat("+ ", render::Printable(text)),
                                    render::Color::kCyan, session_.colors())
                   << "\n"
                   << std::flush;
  }

  Session& session_;
  TryReport& report_;
  std::string line_;
  std::atomic<bool> stop_ = false;
};

// What has to be there before anything can be tried. The coordinator checks the rest.
std::string WhatIsMissing(const v1::Study& study) {
  if (!study.trainer().has_command()) {
    return "trainer.command: is missing; `study try` runs a program of your own: trainer: "
           "{command: "
           "{run: [python3, train.py, \"${args}\"]}}";
  }
  if (study.trainer().command().run().empty()) {
    return "trainer.command.run: is missing; write the program and its arguments";
  }
  if (!study.has_objective() && study.objectives().empty()) {
    return "objective: is missing; write objective: {metric: NAME, goal: maximize}";
  }
  return "";
}

int Try(const TryArguments& arguments, Session& session) {
  Environment& environment = session.environment();
  auto file = ReadStudyFile(arguments.file, session);
  if (!file.ok()) return session.Fail(file.status());
  const std::string missing = WhatIsMissing(file->study);
  if (!missing.empty()) return session.FailUsage(absl::StrCat(file->file_name, ": ", missing));
  const auto given = ParseTrial(file->study, arguments.values);
  if (!given.ok()) return session.Fail(given.status());
  if (!given->metrics.empty()) {
    return session.FailUsage(absl::StrCat(given->metrics.begin()->first, " is no parameter"));
  }
  auto code = PackCode(*file);
  if (!code.ok()) return session.Fail(code.status());

  LocalTrial trial;
  trial.study = file->study;
  trial.code = *std::move(code);
  const auto values = study_file::FirstConfiguration(file->study, given->parameters);
  trial.trial.set_study(file->study.name());
  trial.trial.mutable_parameters()->insert(values.begin(), values.end());
  TryReport report(file->study);
  Watcher watcher(session, report);
  const auto guard = environment.catch_interrupts([&watcher] { watcher.Stop(); });
  session.out() << "one trial of " << render::Printable(file->study.name())
                << ", not stored: " << render::Printable(ParametersText(file->study, trial.trial))
                << "\n";
  const absl::Time start = environment.now();
  const LocalOutcome outcome = environment.run_trial(trial, watcher);
  watcher.FinishLine();
  session.out() << "\n" << report.Text(outcome, environment.now() - start, session.colors());
  if (watcher.ShouldStop()) return kInterrupted;
  return outcome.state == v1::Trial::COMPLETED && report.is_complete() ? kDone : kFailed;
}

}  // namespace

void AddStudyTry(Command study, CommandLine& line) {
  auto arguments = std::make_shared<TryArguments>();
  Command command = line.AddLocal(
      study, "try", "Run one trial of a program of your own here and now, without a coordinator",
      [arguments](Session& session) { return Try(*arguments, session); });
  command.AddOption("FILE", arguments->file, "The study file; - reads standard input").Required();
  command.AddOption("PARAMETER", arguments->values,
                    "NAME=VALUE; others have their default, or the middle of their range");
}

}  // namespace caviar::commands
