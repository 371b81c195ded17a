// What service managers and schedulers need of the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class DeployTest : public ::testing::Test {
 protected:
  void StopCoordinator() {
    cluster_.coordinator().Signal(SIGTERM);
    ASSERT_EQ(cluster_.coordinator().Wait(), 0) << cluster_.coordinator().Errors();
  }
  // A worker that leaves after a second, with this address.
  std::unique_ptr<Process> StartImpatientWorker(const std::string& coordinator) {
    return std::make_unique<Process>(
        cluster_.directory(), absl::StrCat("worker-", ++runs_),
        std::vector<std::string>{cluster_.Binary("caviar-worker"), "--coordinator", coordinator,
                                 "--exit-when-idle", "1s"});
  }
  // A coordinator that takes all file systems for a network's.
  std::unique_ptr<Process> StartOnNetworkFileSystem(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {cluster_.Binary("caviar-coordinator")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<Process>(cluster_.directory(), absl::StrCat("network-", ++runs_), all,
                                     std::vector{Preloading(NFS_EVERYWHERE)});
  }
  std::string address_file() const { return cluster_.directory() + "/address"; }

  Cluster cluster_;
  int runs_ = 0;
};

// A service manager's socket.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~NotifySocket() { close(descriptor_); }
  // The next datagram, once it has come.
  std::string Receive() const {
    char text[64] = {};
    const ssize_t size = recv(descriptor_, text, sizeof(text), 0);
    return {text, size > 0 ? static_cast<size_t>(size) : 0};
  }

 private:
  const int descriptor_;
};

TEST_F(DeployTest, TheServiceManagerIsToldWhenCallsAreAnsweredAndWhenTheEndBegins) {
  const NotifySocket manager(cluster_.directory() + "/notify");
  const std::string variable = "NOTIFY_SOCKET=" + cluster_.directory() + "/notify";
  cluster_.StartCoordinator("60s", {.environment = {variable}});
  EXPECT_EQ(manager.Receive(), "READY=1");
  const auto worker = cluster_.StartWorker("w", 1, {.environment = {variable}});
  EXPECT_EQ(manager.Receive(), "READY=1") << "once it is registered";
  worker->Signal(SIGTERM);
  EXPECT_EQ(manager.Receive(), "STOPPING=1");
  EXPECT_EQ(worker->Wait(), 0);
  StopCoordinator();
  EXPECT_EQ(manager.Receive(), "STOPPING=1");
}

TEST_F(DeployTest, AnAddressFileLeadsToACoordinatorThatMoves) {
  const std::string coordinator = "file:" + address_file();
  cluster_.StartCoordinator("60s", {.arguments = {"--address-file", address_file()}});
  cluster_.CreateStudy(kAskedStudyFile);
  EXPECT_EQ(ReadFile(address_file()), cluster_.address() + "\n");
  EXPECT_EQ(cluster_.Run({"study", "list", "--coordinator", coordinator}).exit_code, 0);
  StopCoordinator();
  const CommandResult away =
      cluster_.Run({"study", "list", "--coordinator", coordinator, "--patience", "1ms"});
  EXPECT_EQ(away.exit_code, 3);
  EXPECT_THAT(away.err, HasSubstr("no coordinator has written its address to " + address_file()));

  // Patience finds one that comes later.
  const auto early =
      cluster_.Start("early", {"study", "list", "--coordinator", coordinator, "--patience", "10m"});
  cluster_.MoveTo("0.0.0.0:0", {});
  cluster_.StartCoordinator("60s", {.arguments = {"--insecure", "--address-file", address_file(),
                                                  "--advertise", "localhost"}});
  EXPECT_EQ(early->Wait(), 0) << early->Errors();
  EXPECT_THAT(ReadFile(address_file()), HasSubstr("localhost:"));
}

TEST_F(DeployTest, AWorkerWithoutWorkLeaves) {
  cluster_.StartCoordinator();
  const auto worker = StartImpatientWorker(cluster_.address());
  EXPECT_EQ(worker->Wait(), 0);
  EXPECT_THAT(worker->Errors(), HasSubstr("no work for 1s: leaving"));
  StopCoordinator();
  EXPECT_EQ(StartImpatientWorker(cluster_.address())->Wait(), 3) << "no coordinator was there";
  EXPECT_EQ(StartImpatientWorker("file:" + address_file())->Wait(), 3);
}

TEST_F(DeployTest, AWorkerSaysWhichNumberIsNone) {
  const auto refusal = [this](const std::vector<std::string>& flags) {
    std::vector<std::string> all = {cluster_.Binary("caviar-worker"), "--coordinator", "none:1"};
    all.insert(all.end(), flags.begin(), flags.end());
    Process worker(cluster_.directory(), absl::StrCat("worker-", ++runs_), all);
    EXPECT_EQ(worker.Wait(), 2);
    return worker.Errors();
  };
  EXPECT_THAT(refusal({"--end-time", "-1"}),
              HasSubstr("--end-time: \"-1\" is not a whole number of seconds from 0 to "));
  EXPECT_THAT(refusal({"--allow-commands", "--memory", "0"}),
              HasSubstr("--memory: \"0\" is not a size of memory above 0, such as 64GiB"));
}

TEST_F(DeployTest, AWorkerBeginsNothingThatWouldBeCutOff) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(R"(
study: long
objective: {metric: accuracy, goal: maximize}
trainer: {command: {run: [sh, -c, "echo accuracy=0.5"], time_limit: 10m}}
limits: {max_trials: 1}
parameters: {x: {min: 0.0, max: 1.0}}
)");
  const auto end_in = [](absl::Duration time) {
    return absl::StrCat(absl::ToUnixSeconds(absl::Now() + time));
  };
  const auto start = [&](const std::string& name, const std::string& end_time) {
    return cluster_.StartWorker(name, 1,
                                {.arguments = {"--allow-commands", "--exit-when-idle", "2s"},
                                 .environment = {"SLURM_JOB_END_TIME=" + end_time}});
  };
  EXPECT_EQ(start("short", end_in(absl::Minutes(5)))->Wait(), 0);
  EXPECT_EQ(cluster_.Json({"study", "show", "long"}).at("trial_counts").value("completed", 0), 0);
  EXPECT_EQ(start("long", end_in(absl::Hours(1)))->Wait(), 0);
  EXPECT_EQ(cluster_.Json({"study", "show", "long"}).at("trial_counts").value("completed", 0), 1);
}

TEST_F(DeployTest, AStudyGoesOnFromTheCopyOfADiskThatWasLost) {
  const std::string folder = cluster_.directory() + "/copies", data = cluster_.data_directory();
  fs::create_directory(folder);
  const Surroundings copying = {.arguments = {"--copy-to", folder, "--copy-every", "1s"}};
  cluster_.StartCoordinator("60s", copying);
  cluster_.CreateStudy(kAskedStudyFile);
  ASSERT_TRUE(cluster_.Json({"ask", "asked"}).is_object());
  ASSERT_EQ(cluster_.Run({"tell", "asked", "0", "accuracy=0.5"}).exit_code, 0);
  const json saved = cluster_.Json({"server", "backup", cluster_.directory() + "/asked.backup"});
  const std::string all = absl::StrCat("all up to commit ", saved.value("commit", 0), ",");
  // Taken back on the side until the answer above is in it.
  const std::string file = folder + "/caviar.backup";
  ASSERT_TRUE(Eventually([&] {
    fs::remove_all(data + ".try");
    const CommandResult taken =
        cluster_.RunCoordinator({"--restore", file, "--data-dir", data + ".try"});
    return taken.exit_code == 0 && absl::StrContains(taken.out, all);
  }));
  cluster_.coordinator().Kill();
  fs::rename(data, data + ".lost");

  const CommandResult anew =
      cluster_.RunCoordinator({"--data-dir", data, "--listen", "127.0.0.1:0", "--copy-to", folder});
  EXPECT_EQ(anew.exit_code, 78) << "the copy would be replaced by an empty one";
  EXPECT_THAT(anew.err, HasSubstr("take it back with caviar-coordinator --restore"));
  ASSERT_EQ(cluster_.RunCoordinator({"--restore", file, "--data-dir", data}).exit_code, 0);
  cluster_.StartCoordinator("60s", copying);
  const json study = cluster_.Json({"study", "show", "asked"});
  EXPECT_EQ(study.at("trial_counts").value("completed", 0), 1) << study;
}

TEST_F(DeployTest, OnANetworkFileSystemTheDatabaseIsReadByTheCoordinatorAlone) {
  cluster_.StartCoordinator("60s", {.arguments = {"--network-fs"}});
  cluster_.CreateStudy(kAskedStudyFile);
  EXPECT_FALSE(fs::exists(cluster_.data_directory() + "/caviar.db-shm"));
  EXPECT_EQ(cluster_.Json({"study", "show", "asked"}).at("name"), "asked");
  const std::string file = cluster_.directory() + "/backup";
  EXPECT_EQ(cluster_.Run({"server", "backup", file}).exit_code, 0);
  cluster_.coordinator().Kill();
  cluster_.StartCoordinator("60s", {.arguments = {"--network-fs"}});
  EXPECT_EQ(cluster_.Json({"study", "show", "asked"}).at("name"), "asked");
}

TEST_F(DeployTest, ANetworkFileSystemIsServedOnlyWhereThatIsAskedFor) {
  std::vector<std::string> arguments = {"--listen", "127.0.0.1:0", "--data-dir",
                                        cluster_.data_directory()};
  const auto refused = StartOnNetworkFileSystem(arguments);
  EXPECT_EQ(refused->Wait(), 78) << refused->Output();
  EXPECT_THAT(refused->Errors(), HasSubstr("is on a network's file system (NFS)"));
  EXPECT_FALSE(fs::exists(cluster_.data_directory() + "/caviar.db"));

  arguments.emplace_back("--network-fs");
  const auto serving = StartOnNetworkFileSystem(arguments);
  EXPECT_TRUE(Eventually([&] { return fs::exists(cluster_.data_directory() + "/caviar.db"); }));
  serving->Signal(SIGTERM);
  EXPECT_EQ(serving->Wait(), 0) << serving->Errors();
}

TEST_F(DeployTest, ABackupIsTakenBackToANetworkFileSystemOnlyWhereThatIsAskedFor) {
  cluster_.StartCoordinator();
  const std::string file = cluster_.directory() + "/backup", data = cluster_.directory() + "/new";
  ASSERT_EQ(cluster_.Run({"server", "backup", file}).exit_code, 0);
  const auto refused = StartOnNetworkFileSystem({"--restore", file, "--data-dir", data});
  EXPECT_EQ(refused->Wait(), 78) << refused->Output();
  EXPECT_THAT(refused->Errors(), HasSubstr("is on a network's file system (NFS)"));
  EXPECT_FALSE(fs::exists(data));
  const auto taken =
      StartOnNetworkFileSystem({"--restore", file, "--data-dir", data, "--network-fs"});
  EXPECT_EQ(taken->Wait(), 0) << taken->Errors();
  const auto checked = StartOnNetworkFileSystem({"--check", "--data-dir", data, "--network-fs"});
  EXPECT_EQ(checked->Wait(), 0) << checked->Errors();
  EXPECT_FALSE(fs::exists(data + "/caviar.db-shm"));
}

}  // namespace
}  // namespace caviar::system_test
