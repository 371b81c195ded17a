#include <memory>

#include "client/commands/command_line.h"

namespace caviar::commands {
namespace {

int Delete(const std::string& name, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::DeleteStudyRequest request;
  request.set_study(name);
  const auto answer = (*client)->DeleteStudy(std::move(request));
  if (!answer.ok()) return session.Fail(answer.status());
  if (session.is_table()) {
    session.out() << name << " is deleted\n";
  } else {
    session.Print(*answer);
  }
  return kDone;
}

}  // namespace

void AddStudyDelete(Command study, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  Command command =
      line.Add(study, "delete", "Delete a study with its trials and files, at once and for good",
               [name](Session& session) { return Delete(*name, session); });
  command.AddOption("NAME", *name, "Name of the study").Required();
}

}  // namespace caviar::commands
