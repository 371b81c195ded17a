// The address where Prometheus reads what this room knows of a coordinator.
//
// This room knows the coordinator's status and what it measures of itself. It must never know what
// is in studies: who may read numbers of a cluster's load may not see what runs there.
#ifndef CAVIAR_SERVER_METRICS_EXPOSITION_H_
#define CAVIAR_SERVER_METRICS_EXPOSITION_H_

#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/coordinator/coordinator.h"
#include "server/metrics/recorder.h"

namespace caviar::metrics {

// Serves http://ADDRESS/metrics until it is destroyed.
class Exposition {
 public:
  // `address` is an IP address and a port, "127.0.0.1:9464" or "[::1]:0"; port 0: any free one.
  // What it is given outlives it. UNAVAILABLE: nobody can listen there.
  static absl::StatusOr<std::unique_ptr<Exposition>> Start(const std::string& address,
                                                           const Recorder& recorder,
                                                           coordinator::Coordinator& coordinator);
  int port() const { return exposer_->GetListeningPorts().front(); }

 private:
  explicit Exposition(std::unique_ptr<prometheus::Exposer> exposer)
      : exposer_(std::move(exposer)) {}

  // Its list is of weak pointers.
  std::shared_ptr<prometheus::Collectable> recorded_, status_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace caviar::metrics

#endif  // CAVIAR_SERVER_METRICS_EXPOSITION_H_
