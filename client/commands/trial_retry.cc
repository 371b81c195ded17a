#include <memory>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"

namespace caviar::commands {
namespace {

struct RetryArguments {
  std::string study;
  int number = 0;
};

int Retry(const RetryArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::RetryTrialRequest request;
  request.set_study(arguments.study);
  request.set_number(arguments.number);
  const auto trial = (*client)->RetryTrial(std::move(request));
  if (!trial.ok()) return session.Fail(trial.status());
  if (session.is_table()) {
    session.out() << absl::StrCat("trial ", trial->number(), " tries the configuration of trial ",
                                  arguments.number, " once more\n");
  } else {
    session.Print(*trial);
  }
  return kDone;
}

}  // namespace

void AddTrialRetry(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<RetryArguments>();
  Command command =
      line.Add(trial, "retry", "Try a configuration once more, as a new trial that is next",
               [arguments](Session& session) { return Retry(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("NUMBER", arguments->number, "Number of a trial that has ended")
      .Required()
      .Within(0, kLargestInt);
}

}  // namespace caviar::commands
