// A coordinator, workers and a command line, as real processes on loopback, in a folder of their
// own.
#ifndef CAVIAR_TESTS_SYSTEM_CLUSTER_H_
#define CAVIAR_TESTS_SYSTEM_CLUSTER_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/system/process.h"

namespace caviar::system_test {

struct CommandResult {
  int exit_code = -1;
  std::string out, err;
};

// What a program is started with beside the usual.
struct Surroundings {
  std::vector<std::string> command = {};      // before the program: {"nsenter", ...}
  std::vector<std::string> arguments = {};    // behind its own
  std::vector<std::string> environment = {};  // NAME=value
};

class Cluster {
 public:
  Cluster();
  ~Cluster();

  // From now on the coordinator listens there, and caviar is run by `command`.
  void MoveTo(const std::string& address, const std::vector<std::string>& command);
  // Starts the coordinator, on a free port the first time and on the same one again. Fails the test
  // where it does not come up.
  void StartCoordinator(const std::string& lease_ttl = "60s", const Surroundings& with = {});
  Process& coordinator() { return *coordinator_; }
  // A worker whose data sets lie in dataset_directory().
  std::unique_ptr<Process> StartWorker(const std::string& name, int slots = 1,
                                       const Surroundings& with = {});
  // caviar-coordinator with these arguments, which ends by itself; beside the one that serves.
  CommandResult RunCoordinator(std::vector<std::string> arguments);
  // caviar with these arguments, until its end.
  CommandResult Run(std::vector<std::string> arguments);
  // caviar in the background.
  std::unique_ptr<Process> Start(const std::string& name, std::vector<std::string> arguments);
  // `caviar ... --output json`, parsed; null where it failed.
  nlohmann::json Json(std::vector<std::string> arguments);
  // Writes the file and creates the study; fails the test where it is refused.
  void CreateStudy(const std::string& yaml);

  const std::string& directory() const { return directory_; }
  std::string data_directory() const { return directory_ + "/data"; }
  std::string dataset_directory() const { return directory_ + "/datasets"; }
  const std::string& address() const { return address_; }
  std::string Binary(const std::string& name) const;

 private:
  std::string directory_;
  std::string address_ = "127.0.0.1:0";
  std::vector<std::string> client_command_;
  std::unique_ptr<Process> coordinator_;
  int runs_ = 0;
};

// The environment entry with which a program is started with this library before its own.
std::string Preloading(const std::string& library);

// Writes a pair of IDX files of noisy patterns, one a class: `prefix`-images, `prefix`-labels.
void WriteIdxPair(const std::string& prefix, int examples, int rows, int columns, int classes,
                  unsigned seed);
// Writes a CSV file with two inputs and a word as label.
void WriteCsv(const std::string& path, int examples, unsigned seed);

// A study "asked" of three trials that are asked for.
extern const char kAskedStudyFile[];

// A study file on the pair "train" and the test pair "test" of the data set folder.
std::string NetworkStudyFile(const std::string& name, int max_trials, int epochs,
                             const std::string& limits = "");

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_CLUSTER_H_
