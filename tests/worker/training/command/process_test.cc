// Nothing that a program started outlives it, and it does not outlive its worker.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

#include "tests/worker/training/command/command_fixture.h"

namespace caviar::command {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// Leaves a child, a daemon (another session, forked twice), and one that ignores signals; prints
// their numbers, then goes on as `end` says.
std::string LeaveChildren(const std::string& end) {
  return R"(mkfifo ready
    sleep 1000 & echo pid=$!
    (setsid sh -c 'echo pid=$$; echo > ready; exec sleep 1000' &)
    read x < ready
    sh -c 'trap "" TERM HUP INT; echo pid=$$; echo > ready; while :; do sleep 1000; done' &
    read x < ready
    echo pid=$$; echo accuracy=1
    )" + end;
}

// Until it is true; false: it never was.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class ProcessTest : public CommandFixture, public testing::WithParamInterface<bool> {
 protected:
  ProcessTest() { options_.use_cgroups = GetParam(); }
};
// Where no cgroups can be made, both are the same.
INSTANTIATE_TEST_SUITE_P(Cgroups, ProcessTest, testing::Bool());

TEST_P(ProcessTest, WhatAProgramLeavesIsGone) {
  EXPECT_EQ(Run(LeaveChildren("exit 0")).kind, Kind::kCompleted);
  const std::vector<int> processes = seen_.Numbers("pid");
  EXPECT_THAT(processes, SizeIs(4));
  for (const int process : processes) EXPECT_FALSE(IsAlive(process)) << process;
}

TEST_P(ProcessTest, WhatAStoppedProgramLeavesIsGone) {
  command().mutable_stop_grace()->set_seconds(0);
  seen_.on_measurement = [this](const v1::Measurement&) { seen_.stop = true; };
  EXPECT_EQ(Run(LeaveChildren("sleep 1000")).kind, Kind::kStopped);
  const std::vector<int> processes = seen_.Numbers("pid");
  EXPECT_THAT(processes, SizeIs(4));
  for (const int process : processes) EXPECT_FALSE(IsAlive(process)) << process;
}

// Reads lines "pid=number" until the fifth line.
std::vector<int> ReadNumbers(int file) {
  std::vector<int> numbers;
  std::string line;
  for (char byte = 0; numbers.size() < 4 && read(file, &byte, 1) == 1;) {
    if (byte != '\n') {
      line.push_back(byte);
      continue;
    }
    int number = 0;
    if (std::sscanf(line.c_str(), "pid=%d", &number) == 1) numbers.push_back(number);
    line.clear();
  }
  return numbers;
}

TEST_P(ProcessTest, NothingOutlivesAWorkerThatIsKilled) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  SetRun({"sh", "-c", LeaveChildren("sleep 1000")});
  const pid_t worker = fork();
  if (worker == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    seen_.on_log = [&](const std::string& text) {
      if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
    };
    Train();
    _exit(0);
  }
  close(ends[1]);
  const std::vector<int> processes = ReadNumbers(ends[0]);
  EXPECT_THAT(processes, SizeIs(4));
  for (const int process : processes) EXPECT_TRUE(IsAlive(process)) << process;
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  close(ends[0]);
  for (const int process : processes) {
    EXPECT_TRUE(Eventually([process] { return !IsAlive(process); })) << process;
  }
}

TEST_P(ProcessTest, AProgramThatTakesTooMuchMemoryIsKilled) {
  command().mutable_resources()->mutable_memory()->set_bytes(50 << 20);
  // Its child takes it.
  const Outcome outcome =
      Run("sh -c 'x=$(head -c 100000000 /dev/zero | tr \"\\0\" x); sleep 1000'; sleep 1000");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("took more than its 52428800 bytes of memory"));
}

TEST_P(ProcessTest, AProgramThatStaysBelowItsLimitIsLeftAlone) {
  command().mutable_resources()->mutable_memory()->set_bytes(int64_t{4} << 30);
  EXPECT_EQ(Run("sleep 0.6").kind, Kind::kCompleted);
}

class CleanStart : public CommandFixture {};

TEST_F(CleanStart, NoFilesAreHandedDown) {
  const int file = dup(STDERR_FILENO);  // not closed on exec
  EXPECT_EQ(Run("ls /proc/self/fd | tr '\\n' ' '").kind, Kind::kCompleted);
  close(file);
  EXPECT_EQ(seen_.log(), "0 1 2 3 \n");  // 3 is of ls itself
}

TEST_F(CleanStart, SignalsAreAsInAFreshShell) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto handler = signal(SIGPIPE, SIG_IGN);
  Run("grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f 2");
  signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Two signals that the C library keeps for itself may be ignored.
  EXPECT_THAT(seen_.log(), testing::AnyOf("0000000000000000\n0000000000000000\n",
                                          "0000000000000000\n0000000180000000\n"));
}

TEST_F(CleanStart, NothingIsReadAndTheSessionIsItsOwn) {
  EXPECT_EQ(Run("cat; read pid comm state parent group session rest < /proc/$$/stat\n"
                "[ $group = $$ ] && [ $session = $$ ]")
                .kind,
            Kind::kCompleted);
}

}  // namespace
}  // namespace caviar::command
