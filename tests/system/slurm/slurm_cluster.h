// Debian's own slurmctld, slurmd and munged, as two nodes on this machine that touch nothing of an
// installed Slurm: folder, ports, key and sockets are their own.
#ifndef CAVIAR_TESTS_SYSTEM_SLURM_SLURM_CLUSTER_H_
#define CAVIAR_TESTS_SYSTEM_SLURM_SLURM_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/system/process.h"

namespace caviar::system_test {

// Two nodes, node1 and node2, of two processors each, as far as Slurm knows.
class SlurmCluster {
 public:
  explicit SlurmCluster(const std::string& directory) : directory_(directory) {}
  // Cancels what runs, and waits until it has ended.
  ~SlurmCluster();

  // Fails the test where the nodes do not come up.
  void Start();
  // The output of one of Slurm's commands, without the white space at its ends; fails the test
  // where it fails.
  std::string Run(std::vector<std::string> arguments, std::vector<std::string> environment = {});

 private:
  void WriteConfiguration() const;
  std::unique_ptr<Process> Daemon(const std::string& name, std::vector<std::string> arguments);

  const std::string directory_;
  int runs_ = 0;
  // Ended in the opposite order.
  std::unique_ptr<Process> munged_, controller_, node1_, node2_;
};

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_SLURM_SLURM_CLUSTER_H_
