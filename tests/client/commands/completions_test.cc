#include <string>
#include <vector>

#include "client/commands/bash_completions.h"
#include "client/commands/command_line.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Completions = CommandTest;

TEST_F(Completions, KnowEveryCommandAndOption) {
  EXPECT_EQ(Run({"completions", "bash"}), kDone);
  EXPECT_EQ(out(), kBashCompletions);
  const std::vector<std::string> names = CommandLine().top().Names();
  EXPECT_THAT(names, IsSupersetOf({"study", "create", "--dry-run"}));
  for (const std::string& name : names) EXPECT_THAT(out(), HasSubstr(name));
}

}  // namespace
}  // namespace caviar::commands
