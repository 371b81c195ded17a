// Namespaces of the kernel: networks and disks that only a test sees.
#ifndef CAVIAR_TESTS_SYSTEM_FAULTS_NAMESPACE_H_
#define CAVIAR_TESTS_SYSTEM_FAULTS_NAMESPACE_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/system/process.h"

namespace caviar::system_test {

// Why there can be none here; "" where there can.
std::string WhyNoNamespaces();

// Lives as long as its holder, a process that sleeps: nothing of it outlives the test.
class Namespace {
 public:
  // A network without connections. The holder's output goes to `directory`, as `name`.
  static std::unique_ptr<Namespace> WithNetwork(const std::string& directory,
                                                const std::string& name);
  // Where `mount_point`, a folder, is a disk of so many KiB.
  static std::unique_ptr<Namespace> WithDisk(const std::string& directory, const std::string& name,
                                             const std::string& mount_point, int kibibytes);

  // What runs a program in it.
  std::vector<std::string> command() const { return command_; }
  // Runs a program in it, whose path may be looked for; fails the test where it fails.
  void Run(const std::vector<std::string>& arguments) const;
  // A file that programs in it know by `path`.
  std::string PathOf(const std::string& path) const;
  int pid() const { return holder_->pid(); }

 private:
  Namespace(const std::string& directory, const std::string& name,
            const std::vector<std::string>& unshare, const std::string& enter);

  const std::string directory_;
  std::unique_ptr<Process> holder_;
  std::vector<std::string> command_;
};

// A network with a coordinator's address and workers' networks, each connected with it.
class Network {
 public:
  explicit Network(const std::string& directory);

  Namespace& hub() { return *hub_; }
  static std::string coordinator_address() { return "10.77.0.1:0"; }
  // The next worker's network.
  Namespace& AddWorker();

 private:
  const std::string directory_;
  const std::unique_ptr<Namespace> hub_;
  std::vector<std::unique_ptr<Namespace>> workers_;
};

enum class Direction { kIn, kOut, kBoth };
// Drops `percent` of the packets of a worker's network, at random; 100 parts it. Replaces what was
// set before.
void Drop(const Namespace& network, Direction direction, int percent);
void Heal(const Namespace& network);
// What a worker sends goes at so many bits a second, and is late or lost when it is more.
void Narrow(const Namespace& network, int bits_per_second);

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_FAULTS_NAMESPACE_H_
