#include "tests/system/faults/namespace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace caviar::system_test {
namespace {

// A user's PATH may lack the folders of nft and ip.
const char kPath[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
const char kSleep[] = "exec sleep infinity";

bool Works(const std::vector<std::string>& arguments) {
  Process process(::testing::TempDir(), absl::StrCat("caviar-probe-", getpid()), arguments,
                  {kPath});
  return process.Wait() == 0;
}

std::vector<std::string> Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

}  // namespace

std::string WhyNoNamespaces() {
  if (geteuid() != 0) return "only root makes networks and disks of its own";
  if (!Works(Shell("unshare --net --mount nft list tables"))) {
    return "this machine has no nft, or no namespaces";
  }
  return "";
}

Namespace::Namespace(const std::string& directory, const std::string& name,
                     const std::vector<std::string>& unshare, const std::string& enter)
    : directory_(directory),
      holder_(
          std::make_unique<Process>(directory, name, unshare, std::vector<std::string>{kPath})) {
  const std::string comm = absl::StrCat("/proc/", holder_->pid(), "/comm");
  EXPECT_TRUE(Eventually([&] { return ReadFile(comm) == "sleep\n" || !holder_->Running(); }));
  EXPECT_TRUE(holder_->Running()) << holder_->Errors();
  command_ = {"/usr/bin/nsenter", absl::StrCat(enter, "=/proc/", holder_->pid(), "/ns/",
                                               enter == "--net" ? "net" : "mnt")};
}

std::unique_ptr<Namespace> Namespace::WithNetwork(const std::string& directory,
                                                  const std::string& name) {
  std::unique_ptr<Namespace> made(new Namespace(
      directory, name,
      Shell(absl::StrCat("exec unshare --net /bin/sh -c 'ip link set lo up && ", kSleep, "'")),
      "--net"));
  return made;
}

std::unique_ptr<Namespace> Namespace::WithDisk(const std::string& directory,
                                               const std::string& name,
                                               const std::string& mount_point, int kibibytes) {
  const std::string mount =
      absl::StrCat("mount -t tmpfs -o size=", kibibytes, "k tmpfs ", mount_point);
  std::unique_ptr<Namespace> made(
      new Namespace(directory, name,
                    Shell(absl::StrCat("exec unshare --mount --propagation private /bin/sh -c '",
                                       mount, " && ", kSleep, "'")),
                    "--mount"));
  return made;
}

void Namespace::Run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = command_;
  all.insert(all.end(), arguments.begin(), arguments.end());
  Process process(directory_, "in-namespace", all, {kPath});
  EXPECT_EQ(process.Wait(), 0) << absl::StrJoin(arguments, " ") << ": " << process.Errors();
}

std::string Namespace::PathOf(const std::string& path) const {
  return absl::StrCat("/proc/", holder_->pid(), "/root", path);
}

Network::Network(const std::string& directory)
    : directory_(directory), hub_(Namespace::WithNetwork(directory, "hub")) {
  hub_->Run(Shell("ip address add 10.77.0.1/32 dev lo"));
}

Namespace& Network::AddWorker() {
  const size_t n = workers_.size() + 1;
  workers_.push_back(Namespace::WithNetwork(directory_, absl::StrCat("network-", n)));
  Namespace& worker = *workers_.back();
  hub_->Run(Shell(absl::StrCat("ip link add w", n, " type veth peer name eth0 netns ", worker.pid(),
                               " && ip address add 10.77.", n, ".1/24 dev w", n,
                               " && ip link set w", n, " up")));
  worker.Run(Shell(absl::StrCat("ip address add 10.77.", n,
                                ".2/24 dev eth0 && ip link set eth0 up && "
                                "ip route add default via 10.77.",
                                n, ".1")));
  return worker;
}

void Drop(const Namespace& network, Direction direction, int percent) {
  const std::string which = percent < 100 ? absl::StrCat("numgen random mod 100 < ", percent) : "";
  std::string rules = "table ip faults\ndelete table ip faults\ntable ip faults {\n";
  const auto chain = [&](const std::string& hook) {
    absl::StrAppend(&rules, "chain ", hook, " { type filter hook ", hook, " priority 0; ", which,
                    " drop; }\n");
  };
  if (direction != Direction::kOut) chain("input");
  if (direction != Direction::kIn) chain("output");
  network.Run(Shell(absl::StrCat("nft -f - <<'END'\n", rules, "}\nEND")));
}

void Heal(const Namespace& network) { network.Run(Shell("nft flush ruleset")); }

void Narrow(const Namespace& network, int bits_per_second) {
  network.Run(Shell(absl::StrCat("tc qdisc replace dev eth0 root tbf rate ", bits_per_second,
                                 " burst 4kb latency 300ms")));
}

}  // namespace caviar::system_test
