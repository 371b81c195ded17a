#include "worker/training/command/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "worker/training/command/cgroup.h"
#include "worker/training/command/process_tree.h"
#include "worker/training/command/program_spec.h"

namespace caviar::command {
namespace {

constexpr int kMemoryLookMillis = 250;
constexpr int kKillAgainMillis = 20;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What could not be done before a program runs, and its errno; 0: all was.
struct Failure {
  char where[8] = "exec";
  int error = 0;
};

// Becomes the program; returns what failed.
Failure Become(ProgramSpec& spec, pid_t supervisor) {
  // Its own session: a signal from a terminal is the worker's business.
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) return {"process", ESRCH};
  if (!spec.cgroup.empty()) {
    const int processes = open((spec.cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (processes < 0 || write(processes, "0", 1) != 1) return {"cgroup", errno};
  }
  if (chdir(spec.folder.c_str()) != 0) return {"folder", errno};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(spec.file.c_str(), Pointers(spec.arguments).data(), Pointers(spec.environment).data());
  return {"exec", errno};
}

class Supervisor {
 public:
  int Run() {
    close_range(kSupervisorSocket + 1, ~0U, 0);
    fcntl(kSupervisorSocket, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    BlockSignals();
    if (!ReadSpec()) return 1;
    if (const Failure failure = StartProgram(); failure.error != 0) {
      RemoveGroup(spec_.cgroup);
      Say(absl::StrCat("failed ", failure.where, " ", failure.error, "\n"));
      return 0;
    }
    Say("started\n");
    Watch();
    KillAll();
    const bool memory = took_too_much_ || HadOutOfMemory(spec_.cgroup);
    RemoveGroup(spec_.cgroup);
    Say(absl::StrCat("ended ", status_, " ", memory ? 1 : 0, " ", WasSignalled() ? 1 : 0, "\n"));
    return 0;
  }

 private:
  // All of them: what is sent to a whole job, such as Slurm's SIGTERM, must not end it before the
  // program.
  void BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    children_ = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  bool ReadSpec() {
    std::string size_text;
    for (char digit = 0; read(kSupervisorSocket, &digit, 1) == 1 && digit != '\n';) {
      size_text.push_back(digit);
    }
    size_t size = 0;
    if (!absl::SimpleAtoi(size_text, &size)) return false;
    std::string text(size, '\0');
    if (recv(kSupervisorSocket, text.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) {
      return false;
    }
    auto spec = ParseProgramSpec(text);
    if (!spec.ok()) return false;
    spec_ = *std::move(spec);
    return true;
  }

  Failure StartProgram() {
    std::array<int, 2> ends;  // closed by a program that starts
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return {"process", errno};
    const pid_t supervisor = getpid();
    program_ = fork();
    if (program_ < 0) return {"process", errno};
    Failure failure;
    if (program_ == 0) {
      failure = Become(spec_, supervisor);
      if (write(ends[1], &failure, sizeof(failure)) < 0) _exit(126);
      _exit(127);
    }
    close(ends[1]);
    const bool failed = read(ends[0], &failure, sizeof(failure)) == sizeof(failure);
    close(ends[0]);
    if (failed) waitpid(program_, nullptr, 0);
    return failure;
  }

  // Until all is to be killed: the program has ended, the worker says so or is gone, or too much
  // memory is taken.
  void Watch() {
    while (!program_ended_) {
      std::array<pollfd, 2> files = {pollfd{children_, POLLIN, 0},
                                     pollfd{kSupervisorSocket, POLLIN, 0}};
      const int result =
          poll(files.data(), files.size(), spec_.max_memory > 0 ? kMemoryLookMillis : -1);
      if (result < 0 && errno != EINTR) return;
      if (files[0].revents != 0) Reap();
      if (files[1].revents != 0 && !Obey()) return;
      if (spec_.max_memory > 0 && TakeMoreMemory(DescendantsOf(getpid()), spec_.max_memory)) {
        took_too_much_ = !program_ended_;
        return;
      }
    }
  }

  // What the worker says; false: all is to be killed.
  bool Obey() {
    char word = 0;
    if (read(kSupervisorSocket, &word, 1) != 1 || word == 'K') return false;
    // A process that ended since the look is not mistaken for another: numbers come again only
    // after all others.
    for (const pid_t process : DescendantsOf(getpid())) kill(process, SIGTERM);
    return true;
  }

  // Buries the dead; false: there are no children.
  bool Reap() {
    signalfd_siginfo signals;
    while (read(children_, &signals, sizeof(signals)) > 0) {
    }
    for (;;) {
      int status = 0;
      const pid_t process = waitpid(-1, &status, WNOHANG);
      if (process <= 0) return process == 0;
      if (process == program_) {
        program_ended_ = true;
        status_ = status;
      }
    }
  }

  // Until nothing is left. The children of those that are killed become its own.
  void KillAll() {
    for (;;) {
      KillAllIn(spec_.cgroup);
      for (const pid_t process : ChildrenOf(getpid())) kill(process, SIGKILL);
      pollfd children = {children_, POLLIN, 0};
      poll(&children, 1, kKillAgainMillis);
      if (!Reap()) return;
    }
  }

  // It is blocked, so that it waits since it came.
  static bool WasSignalled() {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return sigismember(&waiting, SIGTERM) == 1;
  }

  static void Say(const std::string& text) {
    // Where the worker is gone there is nobody to tell.
    (void)!send(kSupervisorSocket, text.data(), text.size(), MSG_NOSIGNAL);
  }

  ProgramSpec spec_;
  int children_ = -1;  // readable when one of them ended
  pid_t program_ = -1;
  bool program_ended_ = false;
  int status_ = 0;  // its
  bool took_too_much_ = false;
};

}  // namespace

std::optional<int> RunSupervisor(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], kSupervisorFlag) != 0) return std::nullopt;
  return Supervisor().Run();
}

}  // namespace caviar::command
