#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "caviar/v1/last_step.h"
#include "client/commands/ask_tokens.h"
#include "client/commands/command_line.h"
#include "client/commands/metric_arguments.h"
#include "client/commands/report_socket.h"

namespace caviar::commands {
namespace {

// A worker's own patience with the coordinator is ten seconds.
constexpr absl::Duration kWorkerPatience = absl::Minutes(1);
constexpr char kForms[] =
    "write `caviar report NAME NUMBER --step 3 accuracy=0.8` for a trial that was asked for; "
    "without "
    "NAME NUMBER it reports for the trial that it runs in, to the worker at CAVIAR_REPORT_ADDRESS";

struct ReportArguments {
  std::vector<std::string> words;
  std::optional<int64_t> step;
};

void Print(const v1::ReportTrialResponse& answer, Session& session) {
  if (!session.is_table()) return session.Print(answer);
  const std::string name = v1::Directive_Name(answer.directive());
  session.out() << absl::AsciiStrToLower(absl::StripPrefix(name, "DIRECTIVE_")) << "\n";
}

// The answer counts values and does not name them.
void SayConflicts(const v1::Measurement& reported, int conflicts, Session& session) {
  if (conflicts == 0) return;
  std::vector<std::string> metrics;
  for (const auto& [metric, value] : reported.metrics()) metrics.push_back(metric);
  std::sort(metrics.begin(), metrics.end());
  const bool all = conflicts >= static_cast<int>(metrics.size());
  session.Complain(absl::StrCat("step ", reported.step(), " has another value of ",
                                all ? "" : absl::StrCat(conflicts, " of "),
                                absl::StrJoin(metrics, ", "), " already, which stays"));
}

// For the trial whose program this is called by.
int ReportInside(const ReportArguments& arguments, Session& session) {
  const auto address = session.environment().variable("CAVIAR_REPORT_ADDRESS");
  if (!address || address->empty()) {
    return session.FailUsage(
        absl::StrCat("CAVIAR_REPORT_ADDRESS is not set, so this is no trial's program; ", kForms));
  }
  const auto metrics = ParseMetrics(arguments.words);
  if (!metrics.ok()) return session.Fail(metrics.status());
  const auto answer =
      AskWorker(*address, MeasurementLine(arguments.step, *metrics), kWorkerPatience);
  if (!answer.ok()) return session.Fail(answer.status());
  v1::Directive directive = v1::DIRECTIVE_UNSPECIFIED;
  v1::Directive_Parse(absl::StrCat("DIRECTIVE_", absl::AsciiStrToUpper(answer->directive)),
                      &directive);
  v1::ReportTrialResponse response;
  response.set_directive(directive);
  if (!answer->left_out.empty()) session.Complain(answer->left_out);
  Print(response, session);
  return kDone;
}

int ReportAsked(const std::string& study, int number, const ReportArguments& arguments,
                Session& session) {
  const auto metrics = ParseMetrics({arguments.words.begin() + 2, arguments.words.end()});
  if (!metrics.ok()) return session.Fail(metrics.status());
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto tokens = AskTokens::Open(session.environment(), *session.Address(), study);
  if (!tokens.ok()) return session.Fail(tokens.status());
  const auto token = tokens->Load(number);
  if (!token.ok()) return session.Fail(token.status());

  v1::ReportTrialRequest request;
  request.set_study(study);
  request.set_number(number);
  *request.mutable_token() = *token;
  v1::Measurement& measurement = *request.add_measurements();
  measurement.set_step(*arguments.step);
  measurement.mutable_metrics()->insert(metrics->begin(), metrics->end());
  const auto answer = (*client)->ReportTrial(request);
  if (!answer.ok()) return session.Fail(answer.status());
  SayConflicts(measurement, answer->conflicts(), session);
  Print(*answer, session);
  return kDone;
}

int Report(const ReportArguments& arguments, Session& session) {
  const std::vector<std::string>& words = arguments.words;
  if (absl::StrContains(words[0], '=')) return ReportInside(arguments, session);
  int number = -1;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &number) || number < 0) {
    return session.FailUsage(
        absl::StrCat("\"", absl::StrJoin(words, " "), "\" names no trial and metric; ", kForms));
  }
  if (!arguments.step) {
    return session.FailUsage(
        "--step is missing: the training clock, such as the epoch; `caviar report NAME NUMBER "
        "--step 3 accuracy=0.8`");
  }
  return ReportAsked(words[0], number, arguments, session);
}

}  // namespace

void AddReport(Command app, CommandLine& line) {
  auto arguments = std::make_shared<ReportArguments>();
  Command command = line.Add(
      app, "report",
      "Report measurements of an asked trial, or of the trial it runs in; prints continue, stop or "
      "pause",
      [arguments](Session& session) { return Report(*arguments, session); });
  command
      .AddOption("[NAME NUMBER] METRIC", arguments->words,
                 "Study and number of an asked trial, left out inside a trial; then "
                 "METRIC=NUMBER, such as accuracy=0.81")
      .Required();
  command
      .AddOption("--step", arguments->step,
                 "The training clock, such as the epoch; inside a trial it counts by itself")
      .Within(0, vocabulary::kLastStep);
}

}  // namespace caviar::commands
