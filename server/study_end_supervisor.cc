#include "server/study_end_supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace caviar {
namespace {

// What any program may need to know of where it runs, and no secret of ours.
constexpr const char* kPassed[] = {"PATH",   "HOME",     "USER", "LOGNAME", "SHELL", "LANG",
                                   "LC_ALL", "LC_CTYPE", "TZ",   "TMPDIR",  "TERM",  "HOSTNAME"};

std::vector<std::string> Environment() {
  std::vector<std::string> entries;
  for (const char* name : kPassed) {
    if (const char* value = std::getenv(name)) entries.push_back(absl::StrCat(name, "=", value));
  }
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

void SetBlocked(int how, int signal) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, signal);
  sigprocmask(how, &signals, nullptr);
}

[[noreturn]] void BecomeShell(const std::string& command, pid_t supervisor) {
  // For where the supervisor alone is killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  std::vector<std::string> words = {"sh", "-c", command};
  std::vector<std::string> environment = Environment();
  execve("/bin/sh", Pointers(words).data(), Pointers(environment).data());
  _exit(127);
}

// Waits for the end of `program`; false: the coordinator has gone, or it cannot be watched.
bool AwaitEnd(pid_t program) {
  pollfd files[] = {{static_cast<int>(syscall(SYS_pidfd_open, program, 0)), POLLIN, 0},
                    {kStudyEndLife, POLLIN, 0}};
  if (files[0].fd < 0) return false;
  while (poll(files, 2, -1) < 0) {
    if (errno != EINTR) return false;
  }
  return files[0].revents != 0;
}

// Ends this process as the program did.
int End(pid_t program) {
  int status = 0;
  if (waitpid(program, &status, 0) < 0) return 127;
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  prctl(PR_SET_DUMPABLE, 0);  // the program's core is enough
  signal(WTERMSIG(status), SIG_DFL);
  SetBlocked(SIG_UNBLOCK, WTERMSIG(status));
  raise(WTERMSIG(status));
  return 127;
}

int Supervise(const std::string& command) {
  close_range(kStudyEndLife + 1, ~0U, 0);
  fcntl(kStudyEndLife, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  const pid_t supervisor = getpid();
  const pid_t program = fork();
  if (program < 0) return 127;
  if (program == 0) BecomeShell(command, supervisor);
  // So that the coordinator notices that the program reads no more.
  close(STDIN_FILENO);
  if (AwaitEnd(program)) return End(program);
  // Of no other group, should a person have started this.
  kill(-supervisor, SIGKILL);
  return 127;
}

}  // namespace

std::optional<int> RunStudyEndSupervisor(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], kStudyEndSupervisorFlag) != 0) return std::nullopt;
  return Supervise(argv[2]);
}

}  // namespace caviar
