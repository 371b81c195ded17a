#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/log_text.h"
#include "client/commands/outcome_text.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_curves.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

struct TrialShowArguments {
  std::string study;
  int number = 0;
};

std::string TimeOrNothing(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? render::TimeText(render::ToTime(time)) : "";
}

// `study` is known where the trial has an outcome.
std::string ObjectiveLine(const v1::Study& study, const v1::Trial& trial) {
  if (!trial.has_objective()) return "none";
  std::string text = render::FormatNumber(trial.objective());
  if (vocabulary::HasSeveralObjectives(study)) {
    text = absl::StrJoin(
        vocabulary::ObjectivesOf(study), ", ",
        [&](std::string* out, const v1::Objective& objective) {
          const double value = MetricOf(study, trial, objective.metric()).value_or(std::nan(""));
          absl::StrAppend(out, objective.metric(), " ", render::FormatNumber(value));
        });
  }
  if (trial.has_objective_step()) absl::StrAppend(&text, " at step ", trial.objective_step());
  return text;
}

// "3 completed, mean 0.9 +- 0.01, all keep the constraints", of the first trial with a
// configuration.
std::string RepeatsLine(const v1::Trial& trial) {
  if (!trial.has_repeats()) return "";
  std::string text = absl::StrCat(trial.repeats().completed(), " completed");
  const std::string mean = MeanText(trial.repeats());
  if (!mean.empty()) absl::StrAppend(&text, ", mean ", mean);
  if (trial.repeats().has_feasible()) {
    absl::StrAppend(&text, trial.repeats().feasible() ? ", all keep" : ", not all keep",
                    " the constraints");
  }
  return text;
}

std::string AttemptsTable(const v1::Trial& trial, bool colors) {
  render::Table table(
      {{"attempt", true}, {"worker"}, {"outcome"}, {"started"}, {"ended"}, {"message"}});
  for (const v1::Attempt& attempt : trial.attempts()) {
    const std::string outcome = attempt.outcome() == v1::Attempt::OUTCOME_UNSPECIFIED
                                    ? "RUNNING"
                                    : v1::Attempt::Outcome_Name(attempt.outcome());
    table.AddRow({absl::StrCat(attempt.number()), attempt.worker(), Session::StateCell(outcome),
                  TimeOrNothing(attempt.has_start_time(), attempt.start_time()),
                  TimeOrNothing(attempt.has_end_time(), attempt.end_time()), attempt.message()});
  }
  return table.Render(colors);
}

// A line for each attempt that went on from another one's checkpoint.
std::string Resumptions(const v1::Trial& trial) {
  std::map<int, std::string> numerics;
  std::string text;
  for (const v1::Attempt& attempt : trial.attempts()) {
    numerics[attempt.number()] = attempt.numerics_fingerprint();
    if (attempt.parent_attempt() == 0) continue;
    absl::StrAppend(&text, "attempt ", attempt.number(), " went on from attempt ",
                    attempt.parent_attempt(), " after step ", attempt.resumed_from_step());
    if (attempt.numerics_changed()) {
      absl::StrAppend(&text, ", with other numerics (",
                      render::Printable(attempt.numerics_fingerprint()),
                      "; before: ", render::Printable(numerics[attempt.parent_attempt()]),
                      "): its last bits may differ from those of one run without a break");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

// What the pruner made of the trial.
std::string PrunerTable(const v1::Trial& trial, bool colors) {
  render::Table table({{"pruner"}, {"reason"}});
  for (const v1::PrunerDecision& decision : trial.pruner_decisions()) {
    table.AddRow({Session::StateCell(v1::PrunerDecision::Decision_Name(decision.decision())),
                  decision.reason()});
  }
  return table.Render(colors);
}

void PrintPage(const v1::Study& study, const v1::Trial& trial, Session& session) {
  const bool colors = session.colors();
  session.out() << render::RenderPairs(
      {{"trial", absl::StrCat(trial.number(), " of ", trial.study())},
       {"state", Session::StateCell(v1::Trial::State_Name(trial.state()))},
       {vocabulary::HasSeveralObjectives(study) ? "objectives" : "objective",
        {ObjectiveLine(study, trial), render::Color::kBold}},
       {"constraints", ConstraintsOutcomeText(study, trial)},
       {"repeat of", trial.has_repeat_of() && trial.repeat_of() != trial.number()
                         ? absl::StrCat("trial ", trial.repeat_of())
                         : ""},
       {"repeats", RepeatsLine(trial)},
       {"origin", OriginText(trial.origin())},
       {"revision", trial.revision() > 1 ? absl::StrCat(trial.revision()) : ""},
       {"message", trial.message()},
       {"worker", trial.worker()},
       {"last step", trial.has_last_step() ? absl::StrCat(trial.last_step()) : ""},
       {"weights", trial.weights_file()},
       {"model", trial.model_file()},
       {"lost leases", trial.lost_leases() > 0 ? absl::StrCat(trial.lost_leases()) : ""},
       {"created", TimeOrNothing(trial.has_create_time(), trial.create_time())},
       {"started", TimeOrNothing(trial.has_start_time(), trial.start_time())},
       {"ended", TimeOrNothing(trial.has_end_time(), trial.end_time())}},
      colors);
  const std::map<std::string, v1::Value> sorted(trial.parameters().begin(),
                                                trial.parameters().end());
  render::Table parameters({{"parameter"}, {"value", true}});
  for (const auto& [name, value] : sorted) {
    parameters.AddRow({name, render::FormatValue(value)});
  }
  session.out() << "\n" << parameters.Render(colors);
  if (trial.attempts_size() > 0) {
    session.out() << "\n" << AttemptsTable(trial, colors) << Resumptions(trial);
  }
  if (trial.pruner_decisions_size() > 0) session.out() << "\n" << PrunerTable(trial, colors);
  const std::string curves = TrialCurves(
      trial, {session.environment().terminal_width(), session.unicode(), session.colors()});
  if (!curves.empty()) session.out() << "\n" << curves;
}

// The end of what a failed trial's program printed; nothing where there is none.
void PrintLogEnd(const v1::Trial& trial, client::Client& client, Session& session) {
  constexpr int64_t kBytes = 16 << 10;
  constexpr int kLines = 20;
  if (trial.state() != v1::Trial::FAILED) return;
  v1::ReadLogRequest request;
  request.set_study(trial.study());
  request.set_number(trial.number());
  request.set_offset(-kBytes);
  const auto log = client.ReadLog(request);
  if (!log.ok() || log->data().empty()) return;
  session.out() << "\nthe last it printed; `caviar trial logs " << trial.study() << " "
                << trial.number() << "` prints all\n";
  absl::string_view end = LastLines(log->data(), kLines);
  absl::ConsumeSuffix(&end, "\n");
  for (const absl::string_view line : absl::StrSplit(end, '\n')) {
    session.out() << "  " << ShownLine(line) << "\n";
  }
}

int Show(const TrialShowArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetTrialRequest request;
  request.set_study(arguments.study);
  request.set_number(arguments.number);
  request.set_view(v1::TRIAL_VIEW_FULL);
  const auto trial = (*client)->GetTrial(request);
  if (!trial.ok()) return session.Fail(trial.status());
  if (!session.is_table()) {
    session.Print(*trial);
    return kDone;
  }
  v1::Study study;
  if (!trial->outcome().empty()) {
    v1::GetStudyRequest get;
    get.set_study(arguments.study);
    auto found = (*client)->GetStudy(get);
    if (!found.ok()) return session.Fail(found.status());
    study = *std::move(found);
  }
  PrintPage(study, *trial, session);
  PrintLogEnd(*trial, **client, session);
  return kDone;
}

}  // namespace

void AddTrialShow(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<TrialShowArguments>();
  Command command =
      line.Add(trial, "show", "Show a trial: its configuration, its attempts, its curves",
               [arguments](Session& session) { return Show(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("NUMBER", arguments->number, "Number of the trial")
      .Required()
      .Within(0, kLargestInt);
}

}  // namespace caviar::commands
