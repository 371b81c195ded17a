#include <string>

#include "client/commands/bash_completions.h"
#include "client/commands/command_line.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;

// Every command and every long option below `command`.
void ExpectKnown(const CLI::App& command, const std::string& script) {
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      EXPECT_THAT(script, HasSubstr("--" + name)) << command.get_name();
    }
  }
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    EXPECT_THAT(script, HasSubstr(inner->get_name()));
    ExpectKnown(*inner, script);
  }
}

using Completions = CommandTest;

TEST_F(Completions, KnowEveryCommandAndOption) {
  EXPECT_EQ(Run({"completions", "bash"}), kDone);
  EXPECT_EQ(out(), kBashCompletions);
  CommandLine line;
  ExpectKnown(line.app(), out());
}

}  // namespace
}  // namespace caviar::commands
