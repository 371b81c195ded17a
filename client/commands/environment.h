// The verbs of the `caviar` command line.
//
// This room turns arguments into calls of client/api, reads study files through client/study_file
// and prints through client/render. It must never know gRPC, storage or training. All that it needs
// of the outside world comes in through Environment.
#ifndef CAVIAR_CLIENT_COMMANDS_ENVIRONMENT_H_
#define CAVIAR_CLIENT_COMMANDS_ENVIRONMENT_H_

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "client/api/client.h"
#include "client/commands/local_cluster.h"
#include "client/commands/local_trial.h"

namespace caviar::commands {

struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Whether people read `out` and `err` as they are written.
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // Columns of the terminal, asked again for every line; > 0.
  std::function<int()> terminal_width;
  // An environment variable, if it is set.
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::function<std::unique_ptr<client::Client>(client::ClientOptions)> connect;
  std::function<absl::Time()> now;
  // Waits for so long, or until `until` is notified.
  std::function<void(absl::Duration, const absl::Notification& until)> wait;
  // While the returned object lives, SIGINT and SIGTERM call `on_interrupt` on a thread of their
  // own instead of ending the process. To be called before `connect`, whose threads then leave the
  // signals alone.
  std::function<std::shared_ptr<void>(std::function<void()> on_interrupt)> catch_interrupts;
  // Runs the trial and blocks until it is over.
  std::function<LocalOutcome(const LocalTrial& trial, LocalTrialWatcher& watcher)> run_trial;
  // FAILED_PRECONDITION says why there can be none, and what to do.
  std::function<absl::StatusOr<std::unique_ptr<LocalCluster>>(LocalClusterOptions options)>
      start_cluster;
};

// Exit codes.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kNoCoordinator = 3;
inline constexpr int kPartly = 4;
inline constexpr int kInterrupted = 130;

// Runs one command to its end and returns its exit code. Errors go to `err`, each line starting
// with "caviar: ".
int RunCaviar(int argc, const char* const* argv, Environment& environment);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_ENVIRONMENT_H_
