#include "server/study_end_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace caviar {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Between SIGTERM and SIGKILL.
constexpr std::chrono::seconds kGrace{5};

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

// Between fork and exec: only what is safe while other threads hold locks.
[[noreturn]] void BecomeShell(char* const* words, char* const* environment, int input) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(input, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  execve("/bin/sh", words, environment);
  _exit(127);
}

// A command that was started, until it was waited for.
class Process {
 public:
  // "": it runs.
  std::string Start(std::vector<std::string> words) {
    int input[2];
    if (pipe2(input, O_CLOEXEC) != 0) return absl::StrCat("no pipe: ", std::strerror(errno));
    std::vector<std::string> environment = Environment();
    const std::vector<char*> arguments = Pointers(words), entries = Pointers(environment);
    process_ = fork();
    if (process_ == 0) BecomeShell(arguments.data(), entries.data(), input[0]);
    const int error = errno;
    close(input[0]);
    input_ = input[1];
    if (process_ < 0) return absl::StrCat("it cannot be started: ", std::strerror(error));
    setpgid(process_, process_);  // whoever of both is first
    fcntl(input_, F_SETFL, O_NONBLOCK);
    end_ = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
    if (end_ >= 0) return "";
    return absl::StrCat("it cannot be watched: ", std::strerror(errno));
  }
  ~Process() {
    CloseInput();
    if (process_ > 0 && !reaped_) {
      Signal(SIGKILL);
      Reap();
    }
    if (end_ >= 0) close(end_);
  }

  int input() const { return input_; }
  int end() const { return end_; }
  void Signal(int number) const { kill(-process_, number); }
  void CloseInput() {
    if (input_ >= 0) close(std::exchange(input_, -1));
  }
  // Gives it more of its input; closes that at its end, or where nobody reads it.
  void Feed(const std::string& text, size_t& fed) {
    const ssize_t count = write(input_, text.data() + fed, text.size() - fed);
    if (count > 0) fed += static_cast<size_t>(count);
    const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (fed == text.size() || (count < 0 && !later)) CloseInput();
  }
  // The status that waitpid gives.
  int Reap() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    return status;
  }

 private:
  pid_t process_ = -1;
  int input_ = -1;
  int end_ = -1;
  bool reaped_ = false;
};

int MillisecondsUntil(SteadyClock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left + 1, 0, 1'000'000));
}

std::string EndText(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("was ended by signal ", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  return code == 0 ? "" : absl::StrCat("ended with code ", code);
}

}  // namespace

StudyEndCommand::StudyEndCommand(std::string command, absl::Duration timeout, OnFailure on_failure)
    : command_(std::move(command)),
      timeout_(timeout),
      on_failure_(std::move(on_failure)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void StudyEndCommand::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  const uint64_t one = 1;
  if (write(stop_, &one, sizeof(one)) < 0) std::abort();
  if (thread_.joinable()) thread_.join();
  close(stop_);
}

void StudyEndCommand::Tell(storage::StudyEndRow end) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(end));
}

void StudyEndCommand::Start(OnTold on_told) {
  thread_ = std::thread([this, on_told = std::move(on_told)] { Work(on_told); });
}

void StudyEndCommand::Work(const OnTold& on_told) {
  for (;;) {
    storage::StudyEndRow end;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      end = std::move(queue_.front());
      queue_.pop_front();
    }
    const auto failure = Run(end.outcome);
    if (!failure) return;
    if (!failure->empty()) on_failure_(*failure);
    on_told(end.study_id, end.revision);
  }
}

std::optional<std::string> StudyEndCommand::Run(const std::string& outcome) {
  Process process;
  if (std::string wrong = process.Start({"sh", "-c", command_}); !wrong.empty()) return wrong;
  const std::string text = outcome + "\n";
  size_t fed = 0;
  auto patience = SteadyClock::now() + absl::ToChronoNanoseconds(timeout_);
  bool late = false;
  for (;;) {
    // poll passes over negative descriptors.
    pollfd waits[] = {
        {process.end(), POLLIN, 0}, {stop_, POLLIN, 0}, {process.input(), POLLOUT, 0}};
    const int ready = poll(waits, 3, MillisecondsUntil(patience));
    if (ready < 0 && errno != EINTR) return absl::StrCat("poll: ", std::strerror(errno));
    if (ready > 0 && waits[0].revents != 0) break;
    if (ready > 0 && waits[1].revents != 0) return std::nullopt;
    if (ready > 0 && waits[2].revents != 0) process.Feed(text, fed);
    if (SteadyClock::now() < patience) continue;
    process.Signal(late ? SIGKILL : SIGTERM);
    late = true;
    patience = SteadyClock::now() + kGrace;
  }
  const int status = process.Reap();
  if (late) return absl::StrCat("was ended after ", absl::FormatDuration(timeout_));
  return EndText(status);
}

}  // namespace caviar
