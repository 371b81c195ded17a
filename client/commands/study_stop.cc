#include <memory>

#include "client/commands/command_line.h"

namespace caviar::commands {
namespace {

struct StopArguments {
  std::string study;
  bool end = false;
};

int Stop(const StopArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::StopStudyRequest request;
  request.set_study(arguments.study);
  request.set_end(arguments.end);
  const auto study = (*client)->StopStudy(std::move(request));
  if (!study.ok()) return session.Fail(study.status());
  if (!session.is_table()) {
    session.Print(*study);
  } else if (arguments.end) {
    session.out() << study->name() << " is ended\n";
  } else {
    session.out() << study->name() << " is stopped; trials that run finish ("
                  << study->trial_counts().running() << " now); `caviar study resume "
                  << study->name() << "` goes on\n";
  }
  return kDone;
}

}  // namespace

void AddStudyStop(Command study, CommandLine& line) {
  auto arguments = std::make_shared<StopArguments>();
  Command command = line.Add(study, "stop", "Hand out no more trials; running ones finish",
                             [arguments](Session& session) { return Stop(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddFlag("--end", arguments->end,
                  "End it for good: running trials are cancelled, the best is tested");
}

}  // namespace caviar::commands
