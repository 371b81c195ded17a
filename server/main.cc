// caviar-coordinator: flags -> wiring -> serve until SIGTERM.
//
// Exit codes: 0 ended by SIGTERM or SIGINT; 1 it cannot serve; 2 wrong usage; 65 the database is
// damaged; 74 the disk can no longer be trusted: start it again, nothing acknowledged is missing.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/api/listen_address.h"
#include "server/api/server.h"
#include "server/coordinator/coordinator.h"
#include "server/short_slices.h"
#include "server/system_clock.h"
#include "storage/artifact_store.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"

namespace caviar {
namespace {

constexpr int kExitUsage = 2;
constexpr int kExitDamaged = 65;  // EX_DATAERR
constexpr int kExitFatal = 74;    // EX_IOERR
// Within the ten seconds that service managers give.
constexpr absl::Duration kDrain = absl::Seconds(9);

struct Flags {
  std::string listen = "127.0.0.1:7461";
  std::string data_directory = "./caviar-data";
  std::string lease_ttl = "60s";
  std::string durability = "full";
  std::string log_level = "info";
};

// "" where it is one, else what is wrong: the form in which CLI11 asks.
std::string CheckLeaseTtl(const std::string& text) {
  absl::Duration ttl;
  if (!absl::ParseDuration(text, &ttl)) {
    return absl::StrCat("\"", text, "\" is not a duration; write 60s, 1m or 1500ms");
  }
  if (ttl < absl::Seconds(1) || ttl > absl::Hours(24)) {
    return absl::StrCat(text, " is out of range; it is at least 1s and at most 24h");
  }
  return "";
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "caviar-coordinator " CAVIAR_VERSION);
  app.add_option("--listen", flags.listen, "host:port to serve; port 0 picks a free one")
      ->check([](const std::string& text) {
        return std::string(server_api::ParseListenAddress(text).status().message());
      })
      ->capture_default_str();
  app.add_option("--data-dir", flags.data_directory, "where all is kept; made if it is missing")
      ->capture_default_str();
  app.add_option("--lease-ttl", flags.lease_ttl,
                 "how soon a dead worker's trials go to others; at least 1s")
      ->check(CheckLeaseTtl)
      ->capture_default_str();
  app.add_option(
         "--durability", flags.durability,
         "full: what was answered survives a power loss; normal: it survives the end of the "
         "process, a power loss may take the newest, and commits are quicker")
      ->check(CLI::IsMember({"full", "normal"}))
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "what is logged on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
}

void SetUpLog(const Flags& flags) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("coordinator"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
}

// A connection takes a file descriptor; the soft limit of 1024 is for programs that use select.
void RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

[[noreturn]] void DieOfUntrustworthyStore(const absl::Status& status) {
  spdlog::critical(
      "the store can no longer be trusted, ending: {}; check the disk, then start "
      "again",
      std::string(status.message()));
  spdlog::default_logger()->flush();
  // Nothing is answered any more, and nothing is tidied up: what was not acknowledged never was.
  _exit(kExitFatal);
}

// Serves until a signal of `signals`, which are blocked.
absl::Status Serve(const Flags& flags, const sigset_t& signals) {
  storage::SqliteOptions store_options;
  if (flags.durability == "normal") {
    store_options.durability = storage::Durability::kNormal;
    spdlog::warn(
        "--durability normal was chosen: a power loss or a crash of the operating system may take "
        "the newest answers (studies, trials, measurements, outcomes; some megabytes at most), and "
        "what is left is whole; kill -9 takes nothing. --durability full takes nothing either way");
  }
  auto store = storage::SqliteStore::Open(flags.data_directory, store_options);
  if (!store.ok()) return store.status();
  auto reader = storage::SqliteReader::Open(flags.data_directory);
  if (!reader.ok()) return reader.status();
  auto artifacts = storage::ArtifactStore::Open(flags.data_directory);
  if (!artifacts.ok()) return artifacts.status();
  SystemClock clock;
  SystemRandomness randomness;

  coordinator::Options options;
  absl::ParseDuration(flags.lease_ttl, &options.lease_ttl);
  options.version = CAVIAR_VERSION;
  auto coordinator = coordinator::Coordinator::Start(
      {**store, **reader, *artifacts, clock, randomness, DieOfUntrustworthyStore}, options);
  if (!coordinator.ok()) return coordinator.status();
  auto server = server_api::Server::Start(**coordinator, flags.listen);
  if (!server.ok()) return server.status();

  if (!server_api::IsLoopback(*server_api::ParseListenAddress(flags.listen))) {
    spdlog::warn(
        "{} is open to the network, without encryption or passwords: serve there only "
        "where everyone who can reach it may use it",
        (*server)->address());
  }
  spdlog::info("caviar-coordinator {} serves {}, data in {}, leases of {}", CAVIAR_VERSION,
               (*server)->address(), flags.data_directory, absl::FormatDuration(options.lease_ttl));
  std::printf("caviar-coordinator serves %s\n", (*server)->address().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  // A second one ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  spdlog::info("{}: handing out nothing more, ending", strsignal(signal));
  (*server)->Shutdown(kDrain);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("caviar-coordinator: hands out trials to workers and keeps what they find");
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  SetUpLog(flags);
  RaiseFileLimit();
  AskForShortSlices();
  // Debian's Abseil looks for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // Before any thread starts, so that all of them leave the signals to sigwait.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const absl::Status status = Serve(flags, signals);
  if (status.ok()) return 0;
  std::fprintf(stderr, "caviar-coordinator: %s\n", std::string(status.message()).c_str());
  if (absl::IsDataLoss(status)) return kExitDamaged;
  return absl::IsInvalidArgument(status) ? kExitUsage : 1;
}

}  // namespace
}  // namespace caviar

int main(int argc, char** argv) { return caviar::Main(argc, argv); }
