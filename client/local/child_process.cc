#include "client/local/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace caviar::local {
namespace {

// What is shown of a log.
constexpr off_t kShownBytes = 2000;

absl::Status SystemError(absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", std::strerror(errno)));
}

// Between fork and exec: only what is safe while other threads hold locks.
[[noreturn]] void BecomeProgram(char* const* words, pid_t parent, int output, int log) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It may have ended before it could be told so.
  if (getppid() != parent) _exit(1);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(words[0], words);
  _exit(127);
}

// Whether a descriptor can be read from within `patience`.
bool Await(int descriptor, absl::Duration patience) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd entry = {descriptor, POLLIN, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const char* path = std::getenv("PATH");
  std::vector<std::filesystem::path> folders = {self.parent_path()};
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    folders.emplace_back(folder.empty() ? "." : std::string(folder));
  }
  for (const std::filesystem::path& folder : folders) {
    const std::string file = (folder / name).string();
    if (std::filesystem::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0)
      return file;
  }
  return absl::NotFoundError(absl::StrCat("there is no ", name, " beside ", self.string(),
                                          " or in a folder of PATH; it comes with Caviar"));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& words, const std::string& log) {
  const int log_file = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (log_file < 0) return SystemError(log);
  const off_t log_start = lseek(log_file, 0, SEEK_END);
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) {
    close(log_file);
    return SystemError("no pipe");
  }
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const pid_t self = getpid();
  const pid_t process = fork();
  if (process == 0) BecomeProgram(pointers.data(), self, output[1], log_file);
  close(output[1]);
  close(log_file);
  const int end = process < 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (end < 0) {
    const absl::Status status = SystemError(absl::StrCat("cannot start ", words[0]));
    close(output[0]);
    if (process > 0) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
    return status;
  }
  fcntl(end, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<ChildProcess>(new ChildProcess(process, end, output[0], log, log_start));
}

ChildProcess::~ChildProcess() {
  End(absl::ZeroDuration());
  close(end_);
  if (output_ >= 0) close(output_);
}

absl::StatusOr<std::string> ChildProcess::ReadLine(absl::Duration patience) {
  std::string line;
  char byte = 0;
  absl::Status status;
  while (status.ok()) {
    // Only the first byte is waited for; the rest of the line comes with it.
    if (!Await(output_, patience)) {
      status = absl::DeadlineExceededError(
          absl::StrCat("nothing came within ", absl::FormatDuration(patience)));
    } else if (read(output_, &byte, 1) != 1) {
      status = absl::UnavailableError("it ended");
    } else if (byte == '\n') {
      break;
    } else {
      line += byte;
    }
  }
  close(output_);
  output_ = -1;
  if (!status.ok()) return status;
  return line;
}

std::string ChildProcess::DescribeEnd() {
  Reap();
  std::string text = WIFSIGNALED(status_) ? absl::StrCat("by signal ", WTERMSIG(status_))
                                          : absl::StrCat("with code ", WEXITSTATUS(status_));
  std::ifstream file(log_, std::ios::binary);
  file.seekg(0, std::ios::end);
  file.seekg(std::max(log_start_, static_cast<off_t>(file.tellg()) - kShownBytes));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  absl::StrAppend(&text, "; its log, ", log_, log.empty() ? ", says nothing" : ", ends with\n",
                  absl::StripTrailingAsciiWhitespace(log));
  return text;
}

void ChildProcess::End(absl::Duration patience) {
  if (reaped_) return;
  kill(process_, SIGTERM);
  if (!Await(end_, patience)) kill(process_, SIGKILL);
  Reap();
}

void ChildProcess::Reap() {
  if (reaped_) return;
  while (waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
}

}  // namespace caviar::local
