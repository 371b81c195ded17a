// caviar-coordinator: flags -> wiring -> serve until SIGTERM.
//
// Exit codes: 0 ended by SIGTERM or SIGINT, or done; 1 it cannot serve, or not any more; 2 wrong
// usage; 65 the database, or a backup, is damaged or was rolled back; 74 the disk can no longer be
// trusted: start it again, nothing acknowledged is missing; 78 the data directory is not for this
// one: in use, a newer Caviar's, another program's, not empty.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "deploy/logs/logs.h"
#include "deploy/systemd/notify.h"
#include "server/api/address_file.h"
#include "server/api/listen_address.h"
#include "server/api/server.h"
#include "server/coordinator/backups.h"
#include "server/coordinator/coordinator.h"
#include "server/coordinator/copies.h"
#include "server/flags.h"
#include "server/metrics/exposition.h"
#include "server/metrics/recorder.h"
#include "server/own_tokens.h"
#include "server/short_slices.h"
#include "server/study_end_command.h"
#include "server/study_end_supervisor.h"
#include "server/system_clock.h"
#include "server/upkeep.h"
#include "storage/artifact_store.h"
#include "storage/backup.h"
#include "storage/file_system.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"

namespace caviar {
namespace {

constexpr int kExitDamaged = 65;  // EX_DATAERR
constexpr int kExitFatal = 74;    // EX_IOERR
constexpr int kExitNotOurs = 78;  // EX_CONFIG
// Within the ten seconds that service managers give.
constexpr absl::Duration kDrain = absl::Seconds(9);

void SetUpLog(const Flags& flags) { logs::SetUp("coordinator", flags.log_level, flags.log_format); }

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

// SQLite's form for where the data directory is; "": its own.
std::string Vfs(const Flags& flags) {
  return flags.network_file_system ? storage::kOneProcessVfs : "";
}

// Where copies are wanted (--copy-to). `vfs`: as the store's.
std::unique_ptr<coordinator::Copies> StartCopies(const Flags& flags, const std::string& vfs,
                                                 coordinator::Backups& backups) {
  if (flags.copy_to.empty()) return nullptr;
  coordinator::Copies::Options options;
  options.folder = flags.copy_to;
  absl::ParseDuration(flags.copy_every, &options.every);
  options.newest_commit = [&flags, vfs] {
    return storage::NewestCommit(flags.data_directory, vfs);
  };
  options.on_copy = [&flags](const absl::Status& status) {
    if (status.ok()) return spdlog::debug("copied to {}", flags.copy_to);
    spdlog::warn("no copy was made in {}, the one from before stays: {}", flags.copy_to,
                 std::string(status.message()));
  };
  options.on_kept = [](const std::string& what) { spdlog::warn("{}", what); };
  return std::make_unique<coordinator::Copies>(backups, options);
}

// Once a minute at most.
void LogLateValues(const coordinator::LateValues& all) {
  spdlog::warn(
      "of metric values that came from workers without their leases, {} were kept apart and {} "
      "dropped since the start; longer leases (--lease-ttl) help where workers or their network "
      "are slow",
      all.kept, all.dropped);
}

// Once a minute at most while it fails.
void LogStore(const absl::Status& failure) {
  if (failure.ok()) {
    spdlog::info("the store takes commits again");
  } else {
    spdlog::warn(
        "the store takes no commits: what is to be stored is refused and nothing is handed out, "
        "until it does: {}",
        std::string(failure.message()));
  }
}

void LogMigration(const storage::MigrationDone& done) {
  spdlog::info("the database was brought from schema version {} to {}; as it was, it is kept in {}",
               done.from, done.to, done.backup);
}

void LogStudyEndFailure(const std::string& what) { spdlog::error("--on-study-end {}", what); }

int ExitCode(const absl::Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "caviar-coordinator: %s\n", std::string(status.message()).c_str());
  if (absl::IsDataLoss(status)) return kExitDamaged;
  return absl::IsInvalidArgument(status) ? kExitUsage : 1;
}

// Of what was done with the data directory.
int StoreExitCode(const absl::Status& status) {
  const int code = ExitCode(status);
  return absl::IsFailedPrecondition(status) ? kExitNotOurs : code;
}

[[noreturn]] void DieOfDeafness(const absl::Status& status) {
  spdlog::critical(
      "no call through the own address came back {} times in a row, ending: {}; start again",
      server_api::kMaxProbeFailures, std::string(status.message()));
  spdlog::default_logger()->flush();
  // Nothing acknowledged is lost by it, and an orderly shutdown may wait for what hangs.
  _exit(1);
}

void TellServiceManager(absl::string_view state) {
  const absl::Status status = systemd::Notify(state);
  if (!status.ok()) {
    spdlog::warn("the service manager was not told: {}", std::string(status.message()));
  }
}

// Null where no --address-file is wanted.
absl::StatusOr<std::unique_ptr<server_api::AddressFile>> WriteAddress(const Flags& flags,
                                                                      const std::string& served) {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  const auto address = server_api::AdvertisedAddress(served, flags.advertise, host);
  if (!address.ok()) return address.status();
  if (flags.address_file.empty()) return nullptr;
  return server_api::AddressFile::Write(flags.address_file, *address);
}

// Null: nobody is asked.
absl::StatusOr<std::unique_ptr<server_api::Access>> OpenAccess(const Flags& flags) {
  if (flags.no_auth) {
    spdlog::warn("--no-auth: every user of this machine may do all");
    return nullptr;
  }
  const auto own = FindOwnTokens(flags.data_directory, [](const absl::Status& status) {
    spdlog::warn("your own tools will not find the token by themselves: {}; give them --token-file",
                 std::string(status.message()));
  });
  if (!own.ok()) return own.status();
  return server_api::Access::Open(*own, OwnUserName(), flags.token_file);
}

// A folder that was made by hand may be open to all, and so may what an earlier release put there.
void CloseToOthers(const std::string& folder) {
  struct stat status = {};
  if (stat(folder.c_str(), &status) != 0 || status.st_uid != geteuid() ||
      (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
    return;
  }
  if (chmod(folder.c_str(), status.st_mode & S_IRWXU) == 0) {
    spdlog::info("{} was open to other users; it is its owner's alone now", folder);
  } else {
    spdlog::warn("{} is open to other users, and cannot be closed: {}", folder, strerror(errno));
  }
}

// A network's file system is for those who ask for it.
absl::Status CheckFileSystem(const Flags& flags) {
  if (flags.network_file_system) return absl::OkStatus();
  return storage::CheckFileSystem(flags.data_directory);
}

// Whether what is named in flags can be used.
absl::Status CheckFolders(const Flags& flags) {
  if (absl::Status status = CheckFileSystem(flags); !status.ok()) return status;
  if (flags.copy_to.empty()) return absl::OkStatus();
  const bool begins_anew = access(storage::DatabaseFile(flags.data_directory).c_str(), F_OK) != 0;
  return coordinator::CheckCopyFolder(flags.copy_to, flags.data_directory, begins_anew);
}

// Serves until a signal of `signals`, which are blocked.
absl::Status Serve(const Flags& flags, storage::SqliteStore& store, const sigset_t& signals) {
  storage::RemoveUnfinishedBackup(flags.data_directory);
  const std::string vfs = Vfs(flags);
  auto reader = storage::SqliteReader::Open(flags.data_directory, DieOfUntrustworthyStore, vfs);
  if (!reader.ok()) return reader.status();
  auto artifacts = storage::ArtifactStore::Open(flags.data_directory);
  if (!artifacts.ok()) return artifacts.status();
  SystemClock clock;
  SystemRandomness randomness;

  coordinator::Options options;
  absl::ParseDuration(flags.lease_ttl, &options.lease_ttl);
  options.version = CAVIAR_VERSION;
  options.limits = flags.limits;
  absl::Duration command_timeout;
  absl::ParseDuration(flags.on_study_end_timeout, &command_timeout);
  StudyEndCommand command(flags.on_study_end, command_timeout, LogStudyEndFailure);
  std::function<void(const storage::StudyEndRow&)> on_study_end;
  if (!flags.on_study_end.empty()) {
    on_study_end = [&command](const storage::StudyEndRow& end) { command.Tell(end); };
  }
  metrics::Recorder recorder;
  auto coordinator = coordinator::Coordinator::Start(
      {store, **reader, *artifacts, clock, randomness, DieOfUntrustworthyStore, LogLateValues,
       LogStore, flags.metrics_listen.empty() ? nullptr : &recorder, on_study_end},
      options);
  if (!coordinator.ok()) return coordinator.status();
  std::unique_ptr<metrics::Exposition> exposition;
  if (!flags.metrics_listen.empty()) {
    auto started = metrics::Exposition::Start(flags.metrics_listen, recorder, **coordinator);
    if (!started.ok()) return started.status();
    exposition = *std::move(started);
    spdlog::info("metrics for Prometheus at port {}", exposition->port());
  }
  coordinator::Backups backups(
      [&flags, vfs] { return storage::Backup::Take(flags.data_directory, vfs); });
  const auto copies = StartCopies(flags, vfs, backups);
  const auto access = OpenAccess(flags);
  if (!access.ok()) return access.status();
  server_api::ServerOptions server_options;
  server_options.access = access->get();
  server_options.tls = flags.tls;
  server_options.limits = flags.serving_limits;
  server_options.on_deaf = DieOfDeafness;
  server_options.backups = &backups;
  auto server = server_api::Server::Start(**coordinator, flags.listen, server_options);
  if (!server.ok()) return server.status();
  command.Start([&coordinator](int64_t study_id, int32_t revision) {
    (*coordinator)->StudyEndTold(study_id, revision);
  });
  const auto address_file = WriteAddress(flags, (*server)->address());
  if (!address_file.ok()) return address_file.status();

  if (flags.insecure && flags.tls.certificate.empty()) {
    spdlog::warn(
        "--insecure: whoever can listen on the network on the way to {} reads tokens, and may then "
        "do all",
        (*server)->address());
  }
  spdlog::info("caviar-coordinator {} serves {}, data in {}, leases of {}", CAVIAR_VERSION,
               (*server)->address(), flags.data_directory, absl::FormatDuration(options.lease_ttl));
  std::printf("caviar-coordinator serves %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  TellServiceManager(systemd::kReady);

  int signal = 0;
  sigwait(&signals, &signal);
  TellServiceManager(systemd::kStopping);
  // A second one ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  spdlog::info("{}: handing out nothing more, ending", strsignal(signal));
  (*server)->Shutdown(kDrain);
  command.Stop();
  return absl::OkStatus();
}

// What --restore names.
absl::Status TakeBack(const Flags& flags) {
  if (absl::Status status = CheckFileSystem(flags); !status.ok()) return status;
  return RestoreDataDirectory(flags.restore, flags.data_directory, Vfs(flags));
}

int Main(int argc, char** argv) {
  if (const std::optional<int> exit_code = RunStudyEndSupervisor(argc, argv)) return *exit_code;
  Flags flags;
  if (const std::optional<int> exit_code = ParseFlags(argc, argv, flags)) return *exit_code;
  if (flags.check) return StoreExitCode(CheckDataDirectory(flags.data_directory, Vfs(flags)));
  if (!flags.restore.empty()) return StoreExitCode(TakeBack(flags));
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

  if (const absl::Status status = CheckOpenness(flags); !status.ok()) return ExitCode(status);
  umask(S_IRWXG | S_IRWXO);
  CloseToOthers(flags.data_directory);
  if (const absl::Status status = CheckFolders(flags); !status.ok()) return StoreExitCode(status);
  storage::SqliteOptions store_options;
  store_options.network_file_system = flags.network_file_system;
  store_options.accept_data_loss = flags.accept_data_loss;
  store_options.on_migration = LogMigration;
  if (flags.durability == "normal") {
    store_options.durability = storage::Durability::kNormal;
    spdlog::warn(
        "--durability normal was chosen: a power loss or a crash of the operating system may take "
        "the newest answers (studies, trials, measurements, outcomes; some megabytes at most), and "
        "what is left is whole; kill -9 takes nothing. --durability full takes nothing either way");
  }
  const auto store = storage::SqliteStore::Open(flags.data_directory, store_options);
  if (!store.ok()) return StoreExitCode(store.status());
  return ExitCode(Serve(flags, **store, signals));
}

}  // namespace
}  // namespace caviar

int main(int argc, char** argv) { return caviar::Main(argc, argv); }
