#include <memory>
#include <vector>

#include "client/commands/command_line.h"
#include "client/commands/trial_text.h"

namespace caviar::commands {
namespace {

struct CancelArguments {
  std::string study;
  std::vector<int> numbers;
};

int Cancel(const CancelArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::CancelTrialsRequest request;
  request.set_study(arguments.study);
  request.mutable_numbers()->Add(arguments.numbers.begin(), arguments.numbers.end());
  const auto cancelled = (*client)->CancelTrials(std::move(request));
  if (!cancelled.ok()) return session.Fail(cancelled.status());
  if (!session.is_table()) {
    session.Print(*cancelled);
    return kDone;
  }
  for (const v1::Trial& trial : cancelled->trials()) session.out() << EndText(trial) << "\n";
  return kDone;
}

}  // namespace

void AddTrialCancel(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<CancelArguments>();
  Command command =
      line.Add(trial, "cancel", "Cancel trials that wait, run or are paused; all or none",
               [arguments](Session& session) { return Cancel(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("NUMBER", arguments->numbers, "Numbers of the trials, at most 200")
      .Required()
      .Within(0, kLargestInt);
}

}  // namespace caviar::commands
