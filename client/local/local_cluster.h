// The coordinator and the worker of `caviar run`.
//
// This room, client/local, does for the command line what needs other programs or the worker's
// rooms on this machine: it starts a cluster of one's own, and runs one trial without any. It may
// know processes and worker/training/command; the verbs know neither, and get it through their
// Environment.
#ifndef CAVIAR_CLIENT_LOCAL_LOCAL_CLUSTER_H_
#define CAVIAR_CLIENT_LOCAL_LOCAL_CLUSTER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "client/commands/local_cluster.h"

namespace caviar::local {

// As Environment::start_cluster says. To be called from the main thread.
absl::StatusOr<std::unique_ptr<commands::LocalCluster>> StartCluster(
    commands::LocalClusterOptions options);

}  // namespace caviar::local

#endif  // CAVIAR_CLIENT_LOCAL_LOCAL_CLUSTER_H_
