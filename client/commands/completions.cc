#include <memory>

#include "client/commands/bash_completions.h"
#include "client/commands/command_line.h"

namespace caviar::commands {

void AddCompletions(Command app, CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  Command command =
      line.AddLocal(app, "completions",
                    "Print what completes commands in a shell: source <(caviar completions bash)",
                    [shell](Session& session) {  // the option writes into it
                      session.out() << kBashCompletions;
                      return kDone;
                    });
  command.AddOption("SHELL", *shell, "bash").Required().OneOf({"bash"});
}

}  // namespace caviar::commands
