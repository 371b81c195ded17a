#include <memory>

#include "client/commands/bash_completions.h"
#include "client/commands/command_line.h"

namespace caviar::commands {

void AddCompletions(CLI::App& app, CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  CLI::App& command =
      line.AddLocal(app, "completions",
                    "Print what completes commands in a shell: source <(caviar completions bash)",
                    [shell](Session& session) {  // the option writes into it
                      session.out() << kBashCompletions;
                      return kDone;
                    });
  command.add_option("SHELL", *shell, "bash")->required()->check(CLI::IsMember({"bash"}));
}

}  // namespace caviar::commands
