#include "tests/system/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace caviar::system_test {

Process::Process(const std::string& directory, const std::string& name,
                 std::vector<std::string> arguments, std::vector<std::string> environment)
    : out_(directory + "/" + name + ".out"), err_(directory + "/" + name + ".err") {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // Before the fork, so that nobody reads what an earlier process of this name wrote.
  const int out = open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int err = open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  pid_ = fork();
  if (pid_ != 0) {
    close(out);
    close(err);
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_DFL);  // a shell's background jobs ignore it
  for (std::string& variable : environment) putenv(variable.data());
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execvp(argv[0], argv.data());
  _exit(127);
}

Process::~Process() { Kill(); }

void Process::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

void Process::Kill() {
  Signal(SIGCONT);
  Signal(SIGKILL);
  Wait();
}

bool Process::Running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

int Process::Wait(absl::Duration limit) {
  return Eventually([this] { return !Running(); }, limit) ? status_ : -1;
}

std::string Process::Output() const { return ReadFile(out_); }
std::string Process::Errors() const { return ReadFile(err_); }

int64_t Process::Memory() const {
  const std::string statm = ReadFile(absl::StrCat("/proc/", pid_, "/statm"));
  return std::stoll(statm.substr(statm.find(' '))) * sysconf(_SC_PAGESIZE);
}

bool Process::Blocks(int signal) const {
  const std::string status = ReadFile(absl::StrCat("/proc/", pid_, "/status"));
  const size_t mask = status.find("SigBlk:");
  return mask != std::string::npos &&
         (std::stoull(status.substr(mask + 7), nullptr, 16) >> (signal - 1) & 1) != 0;
}

bool Eventually(const std::function<bool()>& condition, absl::Duration limit) {
  const absl::Time end = absl::Now() + limit;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace caviar::system_test
