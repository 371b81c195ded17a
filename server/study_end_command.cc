#include "server/study_end_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
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

#include "absl/strings/str_cat.h"
#include "server/study_end_supervisor.h"
#include "storage/beneath.h"

namespace caviar {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Between SIGTERM and SIGKILL.
constexpr std::chrono::seconds kGrace{5};

// This executable, also where another one has taken its place on disk.
constexpr char kSelf[] = "/proc/self/exe";

std::string Failed(const char* doing, int error) {
  return absl::StrCat(doing, ": ", std::strerror(error));
}

// Both ends of a new pipe; -1: there is none, see errno.
struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    output = storage::Descriptor(ends[0]);
    input = storage::Descriptor(ends[1]);
  }
  storage::Descriptor output, input;
};

// Starts the supervisor with what it reads as its standard input and its life's end, in a process
// group of its own, without the signals that this process blocks or ignores. 0, or an errno.
int Spawn(std::string command, int input, int life, pid_t& process) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  // In this order: `input` was made first, so that `life` has not the number that it gets.
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, life, kStudyEndLife);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = "caviar-coordinator";
  std::string flag = kStudyEndSupervisorFlag;
  char* const arguments[] = {name.data(), flag.data(), command.data(), nullptr};
  const int error = posix_spawn(&process, kSelf, &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// A command that was started, until it was waited for.
class Process {
 public:
  // "": it runs.
  std::string Start(const std::string& command) {
    Pipe input, life;
    if (life.input.number() < 0) return Failed("no pipe", errno);
    const int error = Spawn(command, input.output.number(), life.output.number(), process_);
    if (error != 0) return Failed("it cannot be started", error);
    input_ = std::move(input.input);
    life_ = std::move(life.input);
    fcntl(input_.number(), F_SETFL, O_NONBLOCK);
    end_ = storage::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, process_, 0)));
    return end_.number() >= 0 ? "" : Failed("it cannot be watched", errno);
  }
  ~Process() {
    if (process_ > 0 && !reaped_) {
      Signal(SIGKILL);
      Reap();
    }
  }

  int input() const { return input_.number(); }
  int end() const { return end_.number(); }
  void Signal(int number) const { kill(-process_, number); }
  // Gives it more of its input; closes that at its end, or where nobody reads it.
  void Feed(const std::string& text, size_t& fed) {
    const ssize_t count = write(input(), text.data() + fed, text.size() - fed);
    if (count > 0) fed += static_cast<size_t>(count);
    const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (fed == text.size() || (count < 0 && !later)) {
      input_ = storage::Descriptor();
    }
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
  pid_t process_ = -1;  // the supervisor, and its group
  storage::Descriptor input_;
  storage::Descriptor life_;  // closed with this process, however it ends
  storage::Descriptor end_;
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
  if (std::string wrong = process.Start(command_); !wrong.empty()) return wrong;
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
