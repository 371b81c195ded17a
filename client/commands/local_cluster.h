// A coordinator and a worker of one's own on this machine: what `caviar run` needs. client/local
// provides it.
#ifndef CAVIAR_CLIENT_COMMANDS_LOCAL_CLUSTER_H_
#define CAVIAR_CLIENT_COMMANDS_LOCAL_CLUSTER_H_

#include <functional>
#include <string>

namespace caviar::commands {

struct LocalClusterOptions {
  // Of the coordinator; made if it is missing. The programs' logs lie there too.
  std::string data_directory;
  // Of the worker.
  int slots = 1;
  // Where relative data paths of the built-in trainer start; empty: nowhere.
  std::string dataset_directory;
  // Called from a thread of the cluster's, at most once, when one of the programs has ended by
  // itself: which one, and the end of its log.
  std::function<void(const std::string& what)> on_death;
};

// Two processes. They end with this object, in order: trials are given back, what is stored stays.
// They end, too, where this process is killed.
class LocalCluster {
 public:
  virtual ~LocalCluster() = default;
  // host:port of the coordinator.
  virtual std::string address() const = 0;
  // By which it knows its callers.
  virtual std::string token_file() const = 0;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_LOCAL_CLUSTER_H_
