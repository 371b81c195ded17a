#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/commands/ask_tokens.h"
#include "client/commands/command_line.h"
#include "client/commands/metric_arguments.h"

namespace caviar::commands {
namespace {

struct Arguments {
  std::string study;
  int number = 0;
  int64_t step = 0;
  std::vector<std::string> metrics;
};

int Report(const Arguments& arguments, Session& session) {
  const auto metrics = ParseMetrics(arguments.metrics);
  if (!metrics.ok()) return session.Fail(metrics.status());
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto tokens = AskTokens::Open(session.environment(), *session.Address(), arguments.study);
  if (!tokens.ok()) return session.Fail(tokens.status());
  const auto token = tokens->Load(arguments.number);
  if (!token.ok()) return session.Fail(token.status());

  v1::ReportTrialRequest request;
  request.set_study(arguments.study);
  request.set_number(arguments.number);
  *request.mutable_token() = *token;
  v1::Measurement& measurement = *request.add_measurements();
  measurement.set_step(arguments.step);
  measurement.mutable_metrics()->insert(metrics->begin(), metrics->end());
  const auto answer = (*client)->ReportTrial(request);
  if (!answer.ok()) return session.Fail(answer.status());
  if (!session.is_table()) {
    session.Print(*answer);
    return kDone;
  }
  const std::string directive = v1::Directive_Name(answer->directive());
  session.out() << absl::AsciiStrToLower(absl::StripPrefix(directive, "DIRECTIVE_")) << "\n";
  return kDone;
}

}  // namespace

void AddReport(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& command = line.Add(
      app, "report", "Report measurements of an asked trial; prints continue, stop or pause",
      [arguments](Session& session) { return Report(*arguments, session); });
  command.add_option("NAME", arguments->study, "Name of the study")->required();
  command.add_option("NUMBER", arguments->number, "Number of the trial")
      ->required()
      ->check(CLI::NonNegativeNumber);
  command.add_option("METRIC", arguments->metrics, "NAME=NUMBER, such as accuracy=0.81")
      ->required();
  command.add_option("--step", arguments->step, "The training clock, such as the epoch")
      ->required()
      ->check(CLI::NonNegativeNumber);
}

}  // namespace caviar::commands
