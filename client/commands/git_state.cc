#include "client/commands/git_state.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"

extern char** environ;

namespace caviar::commands {
namespace {

// What git prints, at most `most` bytes; nullopt: it cannot be run, or fails.
std::optional<std::string> Git(const std::string& folder, std::vector<std::string> arguments,
                               size_t most) {
  // A question takes no locks from the user's own git.
  arguments.insert(arguments.begin(), {"git", "--no-optional-locks", "-C", folder});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  const int failed = posix_spawnp(&process, "git", &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  char buffer[4096];
  while (failed == 0) {
    const ssize_t count = read(ends[0], buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (text.size() < most) text.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  if (failed != 0) return std::nullopt;
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return text;
}

}  // namespace

std::optional<GitState> FindGitState(const std::string& folder) {
  const auto head = Git(folder, {"rev-parse", "--verify", "HEAD"}, 128);
  if (!head) return std::nullopt;
  GitState state;
  state.commit = std::string(absl::StripAsciiWhitespace(*head));
  const auto changes = Git(folder, {"status", "--porcelain", "--", "."}, 1);
  state.dirty = changes && !changes->empty();
  return state;
}

}  // namespace caviar::commands
