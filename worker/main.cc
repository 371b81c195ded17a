// caviar-worker: flags -> wiring -> work until SIGTERM.
//
// Exit codes: 0 ended by SIGTERM or SIGINT, its work given back; 1 ended before that was done (a
// second signal, or the grace was over); 2 wrong usage.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/api/worker_client.h"
#include "worker/agent/agent.h"
#include "worker/data/dataset.h"
#include "worker/training/batch_norm_network_trainer.h"

namespace caviar {
namespace {

constexpr int kExitUnfinished = 1;
constexpr int kExitUsage = 2;
// The agent's share of the grace; the rest is for trainings that do not heed it.
constexpr double kAgentShare = 0.8;
constexpr int kDone = SIGUSR1;  // what main tells its own signal thread

struct Flags {
  std::string coordinator;
  int slots = 1;
  std::string name;
  std::string dataset_directory;
  std::vector<std::string> labels;
  std::string grace = "10s";
  std::string log_level = "info";
};

std::string DefaultName() {
  char host[65] = {};
  if (gethostname(host, sizeof(host) - 1) != 0) return absl::StrCat("worker:", getpid());
  return absl::StrCat(host, ":", getpid());
}

// Checks in the form in which CLI11 asks: "" where all is well.
std::string CheckAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0 && colon + 1 < text.size()) return "";
  return absl::StrCat("\"", text, "\" is not an address; write host:port, such as head:7461");
}

std::string CheckName(const std::string& text) {
  const bool printable = text.find_first_of("\n\r\t\v\f\b\a\x1b\x7f") == std::string::npos;
  return !text.empty() && text.size() <= 128 && printable
             ? ""
             : "a name has 1 to 128 bytes, all of them printable";
}

std::string CheckLabel(const std::string& text) {
  const size_t equals = text.find('=');
  const bool valid =
      equals != std::string::npos && equals > 0 && equals <= 128 && text.size() - equals - 1 <= 256;
  return valid ? ""
               : absl::StrCat("\"", text, "\" is not a label; write key=value, such as gpu=none");
}

std::string CheckGrace(const std::string& text) {
  absl::Duration grace;
  if (!absl::ParseDuration(text, &grace)) {
    return absl::StrCat("\"", text, "\" is not a duration; write 10s, 2m or 1500ms");
  }
  if (grace < absl::Seconds(1) || grace > absl::Hours(24)) {
    return absl::StrCat(text, " is out of range; it is at least 1s and at most 24h");
  }
  return "";
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "caviar-worker " CAVIAR_VERSION);
  app.add_option("--coordinator", flags.coordinator, "host:port of the coordinator")
      ->envname("CAVIAR_COORDINATOR")
      ->required()
      ->check(CheckAddress);
  app.add_option("--slots", flags.slots, "trials that run at the same time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--name", flags.name, "what people call this worker; default: host:process")
      ->check(CheckName);
  app.add_option("--dataset-dir", flags.dataset_directory,
                 "where relative data paths start; nothing outside of it is read")
      ->check(CLI::ExistingDirectory);
  app.add_option("--label", flags.labels, "key=value, for people; may be repeated")
      ->check(CheckLabel)
      ->allow_extra_args(false);
  app.add_option("--grace", flags.grace,
                 "on SIGTERM, how long it may take to send checkpoints and to give trials back; a "
                 "second SIGTERM ends it at once")
      ->check(CheckGrace)
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "what is logged on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
}

void SetUpLog(const Flags& flags) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("worker"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
}

agent::AgentOptions ToOptions(const Flags& flags, absl::Duration grace) {
  agent::AgentOptions options;
  options.grace = kAgentShare * grace;
  v1::RegisterWorkerRequest& self = options.registration;
  self.set_name(flags.name.empty() ? DefaultName() : flags.name);
  self.set_version(CAVIAR_VERSION);
  self.set_slots(flags.slots);
  self.add_features("batch_norm_network");
  for (const std::string& label : flags.labels) {
    const size_t equals = label.find('=');
    (*self.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return options;
}

// The next of `signals`; -1: none came within `limit`.
int AwaitSignal(const sigset_t& signals, absl::Duration limit) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
  for (;;) {
    const absl::Duration left = absl::FromChrono(end - std::chrono::steady_clock::now());
    const timespec rest = absl::ToTimespec(std::max(left, absl::ZeroDuration()));
    const int signal = sigtimedwait(&signals, nullptr, &rest);
    // A process that was stopped (SIGSTOP) and goes on is woken without a signal.
    if (signal > 0 || errno != EINTR) return signal;
  }
}

// Waits for signals: the first ends the work in order, the second at once.
void HandleSignals(const sigset_t& signals, absl::Duration grace, agent::Agent& agent) {
  int signal = 0;
  sigwait(&signals, &signal);
  if (signal == kDone) return;
  spdlog::info("{}: giving work back, ending", strsignal(signal));
  agent.Stop();
  if (AwaitSignal(signals, grace) == kDone) return;
  spdlog::warn("ending at once; leases that were not given back end by themselves");
  spdlog::default_logger()->flush();
  _exit(kExitUnfinished);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("caviar-worker: trains the trials that a coordinator hands out");
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  SetUpLog(flags);
  // Before any thread starts, so that all of them leave the signals to the one that waits.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, kDone);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  data::DatasetCache datasets(flags.dataset_directory);
  training::BatchNormNetworkTrainer trainer(datasets);
  client::WorkerClient::Options client_options;
  client_options.address = flags.coordinator;
  const auto client = client::WorkerClient::Connect(client_options);
  absl::Duration grace;
  absl::ParseDuration(flags.grace, &grace);
  const auto agent = agent::Agent::Make(*client, trainer, ToOptions(flags, grace));
  spdlog::info("caviar-worker {} looks for a coordinator at {}", CAVIAR_VERSION, flags.coordinator);
  std::thread signal_thread([&] { HandleSignals(signals, grace, *agent); });
  const bool all_given_back = agent->Run();
  pthread_kill(signal_thread.native_handle(), kDone);
  signal_thread.join();
  return all_given_back ? 0 : kExitUnfinished;
}

}  // namespace
}  // namespace caviar

int main(int argc, char** argv) { return caviar::Main(argc, argv); }
