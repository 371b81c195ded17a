#include <memory>

#include "client/commands/command_line.h"
#include "client/commands/trial_arguments.h"
#include "client/commands/trial_text.h"

namespace caviar::commands {
namespace {

struct AddArguments {
  std::string study;
  std::vector<std::string> words;
};

int Add(const AddArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest get;
  get.set_study(arguments.study);
  const auto study = (*client)->GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());
  const auto words = ParseTrial(*study, arguments.words);
  if (!words.ok()) return session.Fail(words.status());

  v1::AddTrialRequest request;
  request.set_study(arguments.study);
  request.mutable_parameters()->insert(words->parameters.begin(), words->parameters.end());
  if (!words->metrics.empty()) {
    request.mutable_completed()->mutable_metrics()->insert(words->metrics.begin(),
                                                           words->metrics.end());
  }
  const auto trial = (*client)->AddTrial(std::move(request));
  if (!trial.ok()) return session.Fail(trial.status());
  if (session.is_table()) {
    session.out() << EndText(*trial) << "\n";
  } else {
    session.Print(*trial);
  }
  return kDone;
}

}  // namespace

void AddTrialAdd(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<AddArguments>();
  Command command = line.Add(trial, "add",
                             "Queue a configuration, which is tried next; or with metrics record "
                             "the result of one that you tried yourself",
                             [arguments](Session& session) { return Add(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("VALUE", arguments->words,
                    "NAME=VALUE: a parameter's, such as learning_rate=0.01, or with the study's "
                    "objective among them a metric's, such as accuracy=0.91. Parameters that are "
                    "left out take their default");
}

}  // namespace caviar::commands
