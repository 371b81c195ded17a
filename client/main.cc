// caviar, the command line: wiring only.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/time/clock.h"
#include "client/commands/environment.h"
#include "client/commands/interrupts.h"
#include "client/local/local_cluster.h"
#include "client/local/local_trial.h"
#include "worker/training/command/supervisor.h"

namespace {

// Columns of the terminal on standard output; 80 where it does not say.
int TerminalWidth() {
  winsize size = {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col : 80;
}

std::optional<std::string> Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
  // The process beside the program of `study try`.
  if (const auto code = caviar::command::RunSupervisor(argc, argv)) return *code;
  std::ios::sync_with_stdio(false);
  caviar::commands::Environment environment{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .out_is_terminal = isatty(STDOUT_FILENO) != 0,
      .err_is_terminal = isatty(STDERR_FILENO) != 0,
      .terminal_width = TerminalWidth,
      .variable = Variable,
      .connect = caviar::client::Client::Connect,
      .now = [] { return absl::Now(); },
      .wait =
          [](absl::Duration duration, const absl::Notification& until) {
            until.WaitForNotificationWithTimeout(duration);
          },
      .catch_interrupts = caviar::commands::CatchInterrupts,
      .run_trial = caviar::local::RunTrial,
      .start_cluster = caviar::local::StartCluster,
  };
  return caviar::commands::RunCaviar(argc, argv, environment);
}
