#include <memory>

#include "client/commands/command_line.h"

namespace caviar::commands {
namespace {

int Resume(const std::string& name, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::ResumeStudyRequest request;
  request.set_study(name);
  const auto study = (*client)->ResumeStudy(std::move(request));
  if (!study.ok()) return session.Fail(study.status());
  if (session.is_table()) {
    session.out() << study->name() << " is active\n";
  } else {
    session.Print(*study);
  }
  return kDone;
}

}  // namespace

void AddStudyResume(Command study, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  Command command = line.Add(study, "resume", "Hand out trials of a stopped study again",
                             [name](Session& session) { return Resume(*name, session); });
  command.AddOption("NAME", *name, "Name of the study").Required();
}

}  // namespace caviar::commands
