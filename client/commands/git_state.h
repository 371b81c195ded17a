// Which version of the code a folder holds, as git knows it.
#ifndef CAVIAR_CLIENT_COMMANDS_GIT_STATE_H_
#define CAVIAR_CLIENT_COMMANDS_GIT_STATE_H_

#include <optional>
#include <string>

namespace caviar::commands {

struct GitState {
  // 40 or 64 hex digits.
  std::string commit;
  // Files below the folder differ from it, or are not in it.
  bool dirty = false;
};

// Asks the program git. nullopt: there is none, the folder is in no repository, or it has no commit
// yet.
std::optional<GitState> FindGitState(const std::string& folder);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_GIT_STATE_H_
