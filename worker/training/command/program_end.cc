#include "worker/training/command/program_end.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "absl/strings/str_cat.h"

namespace caviar::command {
namespace {

using training::Outcome;

// How shells say that what they ran was ended by a signal.
constexpr int kSignalBase = 128;

std::string WithLastLine(std::string text, const std::string& last_line) {
  return last_line.empty() ? absl::StrCat(text, "; it printed nothing")
                           : absl::StrCat(text, ": ", last_line);
}

std::string OutOfMemory(int64_t max_memory) {
  return absl::StrCat("took more than its ", max_memory,
                      " bytes of memory and was killed; give it more with resources.memory, or let "
                      "it take less");
}

// "signal 11 (Segmentation fault)"
std::string SignalText(int number) {
  const char* words = sigdescr_np(number);
  return absl::StrCat("signal ", number, words == nullptr ? "" : absl::StrCat(" (", words, ")"));
}

}  // namespace

bool WasTerminated(const Process::End& end) {
  return (WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGTERM) ||
         (WIFEXITED(end.status) && WEXITSTATUS(end.status) == kSignalBase + SIGTERM);
}

Outcome ToOutcome(const Process::End& end, const std::string& last_line, int64_t last_step,
                  int64_t max_memory) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  const int code = WIFEXITED(end.status) ? WEXITSTATUS(end.status) : -1;
  const bool killed =
      (WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL) || code == kSignalBase + SIGKILL;
  if (end.out_of_memory) {
    outcome.message = OutOfMemory(max_memory);
  } else if (code == 0) {
    outcome.kind = Outcome::Kind::kCompleted;
  } else if (code == kExitInfeasible) {
    outcome.kind = Outcome::Kind::kInfeasible;
    outcome.step = last_step;
    outcome.message = WithLastLine("the program says that it is infeasible", last_line);
  } else if (code == kExitRunAgain) {
    outcome.kind = Outcome::Kind::kRunAgain;
    outcome.message = WithLastLine("the program asks to be run again", last_line);
  } else if (killed) {
    outcome.message =
        WithLastLine("was killed (signal 9), most likely because memory ran out", last_line);
  } else if (WIFSIGNALED(end.status)) {
    outcome.message =
        WithLastLine(absl::StrCat("ended by ", SignalText(WTERMSIG(end.status))), last_line);
  } else {
    outcome.message = WithLastLine(absl::StrCat("exited with code ", code), last_line);
  }
  return outcome;
}

}  // namespace caviar::command
