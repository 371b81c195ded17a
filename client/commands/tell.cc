#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "client/commands/ask_tokens.h"
#include "client/commands/command_line.h"
#include "client/commands/metric_arguments.h"
#include "client/commands/trial_text.h"

namespace caviar::commands {
namespace {

struct TellArguments {
  std::string study;
  int number = 0;
  std::vector<std::string> metrics;
  bool failed = false;
  bool infeasible = false;
  std::string message;
};

absl::StatusOr<v1::TellTrialRequest> ToRequest(const TellArguments& arguments) {
  v1::TellTrialRequest request;
  request.set_study(arguments.study);
  request.set_number(arguments.number);
  const auto word =
      std::find_if(arguments.metrics.begin(), arguments.metrics.end(),
                   [](const std::string& metric) { return metric.find('=') == metric.npos; });
  if ((arguments.failed || arguments.infeasible) && word != arguments.metrics.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(vocabulary::Quoted(*word),
                     " was read as a metric, which goes with neither --failed nor --infeasible; a "
                     "reason goes into --message, in quotes where it has several words"));
  }
  const int outcomes = !arguments.metrics.empty() + arguments.failed + arguments.infeasible;
  if (outcomes != 1) {
    return absl::InvalidArgumentError(
        "tell exactly one outcome: metrics (accuracy=0.83), --failed or --infeasible");
  }
  if (arguments.failed) {
    request.mutable_failed()->set_message(arguments.message);
  } else if (arguments.infeasible) {
    request.mutable_infeasible()->set_message(arguments.message);
  } else if (!arguments.message.empty()) {
    return absl::InvalidArgumentError("--message goes with --failed or --infeasible");
  } else {
    const auto metrics = ParseMetrics(arguments.metrics);
    if (!metrics.ok()) return metrics.status();
    request.mutable_completed()->mutable_metrics()->insert(metrics->begin(), metrics->end());
  }
  return request;
}

int Tell(const TellArguments& arguments, Session& session) {
  auto request = ToRequest(arguments);
  if (!request.ok()) return session.Fail(request.status());
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto tokens = AskTokens::Open(session.environment(), *session.Address(), arguments.study);
  if (!tokens.ok()) return session.Fail(tokens.status());
  const auto token = tokens->Load(arguments.number);
  if (!token.ok()) return session.Fail(token.status());
  *request->mutable_token() = *token;
  const auto trial = (*client)->TellTrial(*request);
  if (!trial.ok()) return session.Fail(trial.status());
  tokens->Remove(arguments.number);
  if (!session.is_table()) {
    session.Print(*trial);
    return kDone;
  }
  session.out() << EndText(*trial) << "\n";
  return kDone;
}

}  // namespace

void AddTell(Command app, CommandLine& line) {
  auto arguments = std::make_shared<TellArguments>();
  Command command = line.Add(app, "tell", "End an asked trial with its outcome",
                             [arguments](Session& session) { return Tell(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("NUMBER", arguments->number, "Number of the trial")
      .Required()
      .Within(0, kLargestInt);
  command.AddOption("METRIC", arguments->metrics,
                    "NAME=NUMBER, the study's objectives and constraints among them, such as "
                    "accuracy=0.83");
  command.AddFlag("--failed", arguments->failed, "It could not be run");
  command.AddFlag("--infeasible", arguments->infeasible,
                  "It ran, but the configuration has no finite objective");
  command.AddOption("--message", arguments->message, "Why, for people");
}

}  // namespace caviar::commands
