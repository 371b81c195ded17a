// caviar-worker: flags -> wiring -> work until SIGTERM.
//
// Exit codes: 0 ended by SIGTERM, SIGINT or --exit-when-idle, its work given back; 1 ended before
// that was done (a second signal, the grace was over, or the system gave too few threads); 2 wrong
// usage, or no folder to run programs in; 3 no coordinator was there all the time that
// --exit-when-idle names.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/api/worker_client.h"
#include "deploy/logs/logs.h"
#include "deploy/systemd/notify.h"
#include "worker/agent/agent.h"
#include "worker/data/dataset.h"
#include "worker/flags.h"
#include "worker/programs.h"
#include "worker/training/batch_norm_network_trainer.h"
#include "worker/training/command/supervisor.h"
#include "worker/training/trainer_choice.h"

namespace caviar {
namespace {

constexpr int kExitUnfinished = 1;
constexpr int kExitNoCoordinator = 3;
// The agent's share of the grace; the rest is for trainings that do not heed it.
constexpr double kAgentShare = 0.8;
// What wakes the signal thread when the work is done. Anybody may send it, batch systems do: it
// counts only where `done` is set.
constexpr int kDone = SIGUSR1;

void SetUpLog(const worker::Flags& flags) {
  logs::SetUp("worker", flags.log_level, flags.log_format);
}

bool Counts(int signal, const std::atomic<bool>& done) {
  if (signal == kDone && !done)
    spdlog::info("{}: means nothing to a worker, SIGTERM ends it", strsignal(signal));
  return signal != kDone || done;
}

// The next of `signals` that counts.
int AwaitSignal(const sigset_t& signals, const std::atomic<bool>& done) {
  int signal = 0;
  do {
    sigwait(&signals, &signal);
  } while (!Counts(signal, done));
  return signal;
}

// The same; -1: none came within `limit`.
int AwaitSignal(const sigset_t& signals, const std::atomic<bool>& done, absl::Duration limit) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
  for (;;) {
    const absl::Duration left = absl::FromChrono(end - std::chrono::steady_clock::now());
    const timespec rest = absl::ToTimespec(std::max(left, absl::ZeroDuration()));
    const int signal = sigtimedwait(&signals, nullptr, &rest);
    // A process that was stopped (SIGSTOP) and goes on is woken without a signal.
    if (signal > 0 ? Counts(signal, done) : errno != EINTR) return signal;
  }
}

void TellServiceManager(absl::string_view state) {
  const absl::Status status = systemd::Notify(state);
  if (!status.ok())
    spdlog::warn("the service manager was not told: {}", std::string(status.message()));
}

// Waits for signals: the first ends the work in order, the second at once. Whether one came before
// the work ended by itself, which is when it is `done`.
bool HandleSignals(const sigset_t& signals, const std::atomic<bool>& done, absl::Duration grace,
                   agent::Agent& agent) {
  const int signal = AwaitSignal(signals, done);
  if (signal == kDone) return false;
  spdlog::info("{}: giving work back, ending", strsignal(signal));
  TellServiceManager(systemd::kStopping);
  agent.Stop();
  if (AwaitSignal(signals, done, grace) == kDone) return true;
  spdlog::warn("ending at once; leases that were not given back end by themselves");
  spdlog::default_logger()->flush();
  _exit(kExitUnfinished);
}

// Before any thread starts, so that all of them leave the signals to the one that waits.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, kDone);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Works until it is told to end. The exit code.
int Work(const worker::Flags& flags, worker::Programs* programs, const sigset_t& signals) {
  data::DatasetCache datasets(flags.dataset_directory);
  training::BatchNormNetworkTrainer network_trainer(datasets);
  training::TrainerChoice trainer(network_trainer,
                                  programs == nullptr ? nullptr : programs->trainer.get());
  agent::AgentOptions options;
  const absl::Duration grace = worker::GraceOf(flags);
  options.grace = kAgentShare * grace;
  options.exit_when_idle = worker::IdleLimitOf(flags);
  options.end_time = worker::LastMomentOf(flags);
  bool registered = false;
  options.on_registered = [&registered] {
    if (!std::exchange(registered, true)) TellServiceManager(systemd::kReady);
  };
  options.registration = worker::RegistrationOf(flags);
  if (programs != nullptr) {
    options.registration.add_features("command");
    *options.registration.mutable_resources() = programs->offered;
    options.code_directory = programs->code_directory();
  }
  // Never destroyed: with the last of its channels gRPC waits for all of its threads, and for ever
  // where the system once refused it one.
  client::WorkerClient& client = *client::WorkerClient::Connect({.address = flags.coordinator,
                                                                 .credentials = flags.credentials})
                                      .release();
  options.studies = flags.studies;
  options.owners = flags.owners;
  const auto agent = agent::Agent::Make(client, trainer, options);
  spdlog::info("caviar-worker {} looks for a coordinator at {}", CAVIAR_VERSION, flags.coordinator);
  bool told = false;
  std::atomic<bool> done = false;
  std::thread signal_thread;
  try {
    signal_thread = std::thread([&] { told = HandleSignals(signals, done, grace, *agent); });
  } catch (const std::system_error& error) {
    spdlog::error("no thread can be started: {}; raise the limit of processes (ulimit -u)",
                  error.code().message());
    return kExitUnfinished;
  }
  const bool all_given_back = agent->Run();
  done = true;
  pthread_kill(signal_thread.native_handle(), kDone);
  signal_thread.join();
  if (!all_given_back) return kExitUnfinished;
  return registered || told ? 0 : kExitNoCoordinator;
}

int Main(int argc, char** argv) {
  if (const std::optional<int> exit_code = command::RunSupervisor(argc, argv)) return *exit_code;
  worker::Flags flags;
  if (const std::optional<int> exit_code = worker::ParseFlags(argc, argv, flags)) return *exit_code;
  SetUpLog(flags);
  const sigset_t signals = BlockSignals();
  std::optional<worker::Programs> programs;
  if (flags.allow_commands) {
    absl::StatusOr<worker::Programs> set_up = worker::SetUpPrograms(flags);
    if (!set_up.ok()) {
      spdlog::error("{}", std::string(set_up.status().message()));
      return worker::kExitUsage;
    }
    programs = *std::move(set_up);
  }
  const int exit_code = Work(flags, programs ? &*programs : nullptr, signals);
  programs.reset();  // and its folder
  spdlog::default_logger()->flush();
  // gRPC's threads still run, and must not see the end of what is static.
  _exit(exit_code);
}

}  // namespace
}  // namespace caviar

int main(int argc, char** argv) { return caviar::Main(argc, argv); }
