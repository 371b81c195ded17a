#include "tests/system/slurm/slurm_cluster.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace caviar::system_test {
namespace {

// Free a moment ago, and not given again soon: Slurm's daemons take no port of the kernel's choice.
int FreePort() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(descriptor);
  return ntohs(address.sin_port);
}

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  const std::string all = name;
  return all.substr(0, all.find('.'));
}

void WriteMungeKey(const std::string& path) {
  std::random_device random;
  std::string key;
  for (int i = 0; i < 128; ++i) key += static_cast<char>(random());
  WriteFile(path, key);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

}  // namespace

void SlurmCluster::WriteConfiguration() const {
  WriteFile(directory_ + "/slurm.conf",
            absl::StrReplaceAll(R"(
ClusterName=test
SlurmctldHost=HOST(127.0.0.1)
SlurmctldPort=CONTROLLER
SlurmUser=USER
SlurmdUser=USER
AuthType=auth/munge
AuthInfo=socket=FOLDER/munge.socket
StateSaveLocation=FOLDER/state
SlurmdSpoolDir=FOLDER/spool-%n
SlurmctldPidFile=FOLDER/slurmctld.pid
SlurmdPidFile=FOLDER/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=60
MinJobAge=3600
SchedulerParameters=sched_interval=1
NodeName=node1 NodeHostname=HOST NodeAddr=127.0.0.1 Port=FIRST CPUs=2
NodeName=node2 NodeHostname=HOST NodeAddr=127.0.0.1 Port=SECOND CPUs=2
PartitionName=main Nodes=node1,node2 Default=YES State=UP MaxTime=INFINITE
)",
                                {{"HOST", HostName()},
                                 {"FOLDER", directory_},
                                 {"USER", getpwuid(geteuid())->pw_name},
                                 {"CONTROLLER", absl::StrCat(FreePort())},
                                 {"FIRST", absl::StrCat(FreePort())},
                                 {"SECOND", absl::StrCat(FreePort())}}));
}

std::unique_ptr<Process> SlurmCluster::Daemon(const std::string& name,
                                              std::vector<std::string> arguments) {
  return std::make_unique<Process>(
      directory_, name, std::move(arguments),
      std::vector<std::string>{absl::StrCat("SLURM_CONF=", directory_, "/slurm.conf")});
}

void SlurmCluster::Start() {
  std::filesystem::create_directories(directory_ + "/state");
  WriteConfiguration();
  const std::string munge = directory_ + "/munge.";
  WriteMungeKey(munge + "key");
  // --force: a folder below /tmp is one that others may write to.
  munged_ = Daemon("munged", {"/usr/sbin/munged", "--foreground", "--force",
                              "--key-file=" + munge + "key", "--socket=" + munge + "socket",
                              "--pid-file=" + munge + "pid", "--seed-file=" + munge + "seed"});
  ASSERT_TRUE(Eventually([&] {
    return std::filesystem::exists(munge + "socket") || !munged_->Running();
  })) << munged_->Errors();
  controller_ = Daemon("slurmctld", {"/usr/sbin/slurmctld", "-D", "-c"});
  node1_ = Daemon("slurmd-1", {"/usr/sbin/slurmd", "-D", "-N", "node1"});
  node2_ = Daemon("slurmd-2", {"/usr/sbin/slurmd", "-D", "-N", "node2"});
  const auto idle_nodes = [this] {
    Process sinfo(directory_, "sinfo", {"sinfo", "--noheader", "--states=idle", "--format=%D"},
                  {absl::StrCat("SLURM_CONF=", directory_, "/slurm.conf")});
    sinfo.Wait();
    return std::string(absl::StripAsciiWhitespace(sinfo.Output()));
  };
  ASSERT_TRUE(Eventually([&] { return idle_nodes() == "2"; }))
      << munged_->Errors() << controller_->Errors() << node1_->Errors() << node2_->Errors();
}

std::string SlurmCluster::Run(std::vector<std::string> arguments,
                              std::vector<std::string> environment) {
  environment.push_back(absl::StrCat("SLURM_CONF=", directory_, "/slurm.conf"));
  Process process(directory_, absl::StrCat("slurm-", ++runs_), arguments, environment);
  EXPECT_EQ(process.Wait(), 0) << arguments.front() << ": " << process.Errors();
  return std::string(absl::StripAsciiWhitespace(process.Output()));
}

SlurmCluster::~SlurmCluster() {
  if (node2_ == nullptr) return;
  Run({"scancel", "--signal=KILL", "--full", "--state=RUNNING", "--partition=main"});
  Run({"scancel", "--partition=main"});
  Eventually([this] { return Run({"squeue", "--noheader"}).empty(); }, absl::Minutes(1));
}

}  // namespace caviar::system_test
