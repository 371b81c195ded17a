#include "client/local/local_cluster.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/local/child_process.h"

namespace caviar::local {
namespace {

using commands::LocalClusterOptions;

// A large database is read through at the start.
constexpr absl::Duration kStart = absl::Minutes(2);
// A worker gives its trials back within ten seconds, a coordinator ends within nine.
constexpr absl::Duration kEnd = absl::Seconds(20);

class TwoProcesses final : public commands::LocalCluster {
 public:
  TwoProcesses(std::string address, std::string token_file,
               std::unique_ptr<ChildProcess> coordinator, std::unique_ptr<ChildProcess> worker,
               std::function<void(const std::string&)> on_death)
      : address_(std::move(address)),
        token_file_(std::move(token_file)),
        coordinator_(std::move(coordinator)),
        worker_(std::move(worker)),
        on_death_(std::move(on_death)),
        stop_(eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this] { Watch(); });
    pthread_setname_np(thread_.native_handle(), "cluster");
  }

  ~TwoProcesses() override {
    const uint64_t one = 1;
    // A counter at 0 takes it.
    [[maybe_unused]] const ssize_t written = write(stop_, &one, sizeof(one));
    thread_.join();
    close(stop_);
    worker_->End(kEnd);
    coordinator_->End(kEnd);
  }

  std::string address() const override { return address_; }
  std::string token_file() const override { return token_file_; }

 private:
  void Watch() {
    pollfd entries[] = {{stop_, POLLIN, 0},
                        {coordinator_->end_descriptor(), POLLIN, 0},
                        {worker_->end_descriptor(), POLLIN, 0}};
    while (poll(entries, 3, -1) < 0 && errno == EINTR) {
    }
    if (entries[0].revents != 0) return;
    const bool is_worker = entries[1].revents == 0;
    on_death_(absl::StrCat(is_worker ? "the worker" : "the coordinator", " ended by itself, ",
                           (is_worker ? worker_ : coordinator_)->DescribeEnd()));
  }

  const std::string address_;
  const std::string token_file_;
  const std::unique_ptr<ChildProcess> coordinator_;
  const std::unique_ptr<ChildProcess> worker_;
  const std::function<void(const std::string&)> on_death_;
  const int stop_;
  std::thread thread_;
};

absl::StatusOr<std::string> AwaitAddress(ChildProcess& coordinator) {
  auto line = coordinator.ReadLine(kStart);
  if (absl::IsUnavailable(line.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("the coordinator could not start; it ended ", coordinator.DescribeEnd()));
  }
  if (!line.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the coordinator does not say where it serves: ", line.status().message()));
  }
  absl::string_view address = *line;
  if (absl::ConsumePrefix(&address, "caviar-coordinator serves ")) return std::string(address);
  return absl::FailedPreconditionError(
      absl::StrCat("the coordinator says \"", *line, "\" instead of where it serves"));
}

// Those above it are made as the umask says. A coordinator would close one that is open to others,
// and log that it was.
absl::Status MakePrivateFolder(std::filesystem::path folder) {
  if (!folder.has_filename()) folder = folder.parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  mkdir(folder.c_str(), S_IRWXU);
  std::filesystem::create_directories(folder, error);  // says what did not go well
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(folder.string(), ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<commands::LocalCluster>> StartCluster(LocalClusterOptions options) {
  const auto coordinator_file = FindProgram("caviar-coordinator");
  if (!coordinator_file.ok()) return coordinator_file.status();
  const auto worker_file = FindProgram("caviar-worker");
  if (!worker_file.ok()) return worker_file.status();
  if (absl::Status made = MakePrivateFolder(options.data_directory); !made.ok()) return made;
  auto coordinator = ChildProcess::Start(
      {*coordinator_file, "--listen", "127.0.0.1:0", "--data-dir", options.data_directory},
      options.data_directory + "/coordinator.log");
  if (!coordinator.ok()) return coordinator.status();
  auto address = AwaitAddress(**coordinator);
  if (!address.ok()) return address.status();
  const std::string token_file = options.data_directory + "/token";
  std::vector<std::string> words = {*worker_file,
                                    "--coordinator",
                                    *address,
                                    "--token-file",
                                    token_file,
                                    "--slots",
                                    absl::StrCat(options.slots),
                                    "--allow-commands"};
  if (!options.dataset_directory.empty()) {
    words.insert(words.end(), {"--dataset-dir", options.dataset_directory});
  }
  // Meant for another coordinator: this one is reached without encryption.
  for (const char* variable : {"CAVIAR_TLS_CA", "CAVIAR_TLS_CERT", "CAVIAR_TLS_KEY"}) {
    unsetenv(variable);
  }
  auto worker = ChildProcess::Start(words, options.data_directory + "/worker.log");
  if (!worker.ok()) return worker.status();
  return std::make_unique<TwoProcesses>(*std::move(address), token_file, *std::move(coordinator),
                                        *std::move(worker), std::move(options.on_death));
}

}  // namespace caviar::local
