// caviar-worker: flags -> wiring -> work until SIGTERM.
//
// Exit codes: 0 ended by SIGTERM or SIGINT, its work given back; 1 ended before that was done (a
// second signal, or the grace of ten seconds was over); 2 wrong usage.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/api/worker_client.h"
#include "worker/agent/agent.h"
#include "worker/data/dataset.h"
#include "worker/training/batch_norm_network_trainer.h"

namespace caviar {
namespace {

constexpr int kExitUnfinished = 1;
constexpr int kExitUsage = 2;
// The agent's own grace is shorter; this is for trainings that do not heed it.
constexpr timespec kGrace = {10, 0};
constexpr int kDone = SIGUSR1;  // what main tells its own signal thread

struct Flags {
  std::string coordinator;
  int slots = 1;
  std::string name;
  std::string dataset_directory;
  std::vector<std::string> labels;
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
  app.add_option("--log-level", flags.log_level, "what is logged on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
}

void SetUpLog(const Flags& flags) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("worker"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
}

agent::AgentOptions ToOptions(const Flags& flags) {
  agent::AgentOptions options;
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

// Waits for signals: the first ends the work in order, the second at once.
void HandleSignals(const sigset_t& signals, agent::Agent& agent) {
  int signal = 0;
  sigwait(&signals, &signal);
  if (signal == kDone) return;
  spdlog::info("{}: giving work back, ending", strsignal(signal));
  agent.Stop();
  if (sigtimedwait(&signals, nullptr, &kGrace) == kDone) return;
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
  const auto agent = agent::Agent::Make(*client, trainer, ToOptions(flags));
  spdlog::info("caviar-worker {} looks for a coordinator at {}", CAVIAR_VERSION, flags.coordinator);
  std::thread signal_thread([&] { HandleSignals(signals, *agent); });
  agent->Run();
  pthread_kill(signal_thread.native_handle(), kDone);
  signal_thread.join();
  return 0;
}

}  // namespace
}  // namespace caviar

int main(int argc, char** argv) { return caviar::Main(argc, argv); }
