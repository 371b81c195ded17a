#include <memory>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"
#include "client/commands/study_waiter.h"

namespace caviar::commands {
namespace {

int Wait(const std::string& name, Session& session) {
  StudyWaiter waiter(name,
                     {absl::StrCat("the study goes on. `caviar study wait ", name,
                                   "` watches it again, `caviar study stop ", name, "` stops it"),
                      absl::StrCat("`caviar study resume ", name, "` goes on")},
                     session);
  // Before the client, so that its threads leave the signals alone.
  const auto guard = session.environment().catch_interrupts([&waiter] { waiter.Cancel(); });
  return waiter.Run();
}

}  // namespace

void AddStudyWait(Command study, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  Command command =
      line.Add(study, "wait", "Watch a study until it is over; Ctrl-C leaves it running",
               [name](Session& session) { return Wait(*name, session); });
  command.AddOption("NAME", *name, "Name of the study").Required();
}

}  // namespace caviar::commands
