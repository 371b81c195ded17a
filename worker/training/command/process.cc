#include "worker/training/command/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/training/command/cgroup.h"
#include "worker/training/command/program_path.h"
#include "worker/training/command/supervisor.h"
#include "worker/training/command/system_error.h"

namespace caviar::command {
namespace {

// This executable, also where another one has taken its place on disk.
constexpr char kSelf[] = "/proc/self/exe";
constexpr int kPipeBytes = 1 << 20;
// Above the numbers that the supervisor's files get, so that none is overwritten before its turn.
constexpr int kLowestNumber = 16;
constexpr int kStartMillis = 60'000;
constexpr char kNotStarted[] = "the program could not be started: ";

absl::Status SystemError(const char* what) {
  return OwnError(errno, absl::StrCat(kNotStarted, what));
}

// Out of the way, and of no other process's business.
Descriptor MoveUp(int number) {
  if (number < 0) return Descriptor();
  Descriptor given(number);
  return Descriptor(fcntl(number, F_DUPFD_CLOEXEC, kLowestNumber));
}

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void Give(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A session of its own, and none of the signals that the worker blocks or ignores.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

absl::StatusOr<pid_t> Spawn(const std::string& title, int nothing, int output, int control) {
  Actions actions;
  actions.Give(nothing, STDIN_FILENO);
  actions.Give(output, STDOUT_FILENO);
  actions.Give(output, STDERR_FILENO);
  actions.Give(control, kSupervisorSocket);
  const Attributes attributes;
  std::string name = "caviar-worker";
  std::string flag = kSupervisorFlag;
  std::string shown = title;
  const std::array<char*, 4> arguments = {name.data(), flag.data(), shown.data(), nullptr};
  pid_t process = -1;
  errno = posix_spawn(&process, kSelf, actions.get(), attributes.get(), arguments.data(), environ);
  if (errno != 0) return SystemError("its supervisor");
  return process;
}

bool SendAll(int socket, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

Process::Process(pid_t supervisor, std::string cgroup, Descriptor control, Descriptor output)
    : supervisor_(supervisor),
      cgroup_(std::move(cgroup)),
      control_(std::move(control)),
      output_(std::move(output)) {}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const ProgramSpec& spec,
                                                        const std::string& title) {
  const auto text = Serialize(spec);
  if (!text.ok()) return text.status();
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return SystemError("a pipe");
  Descriptor output = MoveUp(pipe_ends[0]);
  const Descriptor printed = MoveUp(pipe_ends[1]);
  std::array<int, 2> socket_ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket_ends.data()) != 0) {
    return SystemError("a socket");
  }
  Descriptor control = MoveUp(socket_ends[0]);
  Descriptor other_end = MoveUp(socket_ends[1]);
  const Descriptor nothing = MoveUp(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!output.is_open() || !printed.is_open() || !control.is_open() || !other_end.is_open() ||
      !nothing.is_open()) {
    return SystemError("its files");
  }
  fcntl(output.number(), F_SETFL, O_NONBLOCK);
  fcntl(output.number(), F_SETPIPE_SZ, kPipeBytes);  // only for speed: it may be refused
  const auto supervisor = Spawn(title, nothing.number(), printed.number(), other_end.number());
  if (!supervisor.ok()) return supervisor.status();
  std::unique_ptr<Process> process(
      new Process(*supervisor, spec.cgroup, std::move(control), std::move(output)));
  const bool told = SendAll(process->control(), absl::StrCat(text->size(), "\n", *text));
  other_end.Close();  // so that the socket closes when the supervisor dies
  const std::optional<std::string> answer = told ? process->ReadLine(/*wait=*/true) : std::nullopt;
  if (!answer || answer->empty()) {
    return absl::UnavailableError(
        absl::StrCat(kNotStarted, "the process that watches over it did not answer"));
  }
  std::array<char, 8> where = {};
  int error = 0;
  if (std::sscanf(answer->c_str(), "failed %7s %d", where.data(), &error) != 2) return process;
  const absl::string_view what = where.data();
  if (what == "exec") return ExecError(spec.file, error);
  if (what == "folder" && !IsOfMachine(error)) {
    return absl::ErrnoToStatus(error, absl::StrCat(kNotStarted, "its folder, ", spec.folder));
  }
  return OwnError(error, absl::StrCat(kNotStarted, "its ", what));
}

Process::~Process() {
  control_.Close();  // the supervisor kills all that is left
  while (waitpid(supervisor_, nullptr, 0) < 0 && errno == EINTR) {
  }
  // It has done that, too, unless somebody killed it.
  KillAllIn(cgroup_);
  RemoveGroup(cgroup_);
}

void Process::Tell(char word) {
  // Where the supervisor is gone, PollEnd says so.
  (void)!send(control_.number(), &word, 1, MSG_NOSIGNAL);
}

std::optional<std::string> Process::ReadLine(bool wait) {
  for (;;) {
    pollfd file = {control_.number(), POLLIN, 0};
    const int ready = poll(&file, 1, wait ? kStartMillis : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return "";
    char byte = 0;
    const ssize_t count = recv(control_.number(), &byte, 1, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    if (byte == '\n') return std::exchange(heard_, "");
    heard_.push_back(byte);
  }
}

std::optional<Process::End> Process::PollEnd() {
  const std::optional<std::string> line = ReadLine(/*wait=*/false);
  if (!line) return End{.status = SIGKILL};
  int status = 0;
  int memory = 0;
  int signalled = 0;
  if (std::sscanf(line->c_str(), "ended %d %d %d", &status, &memory, &signalled) != 3) {
    return std::nullopt;
  }
  return End{status, memory != 0, signalled != 0};
}

}  // namespace caviar::command
