// The coordinator's status as gauges.
#ifndef CAVIAR_SERVER_METRICS_STATUS_COLLECTOR_H_
#define CAVIAR_SERVER_METRICS_STATUS_COLLECTOR_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "caviar/v1/server_service.pb.h"
#include "server/coordinator/coordinator.h"

namespace caviar::metrics {

// Pure.
std::vector<prometheus::MetricFamily> ToFamilies(const v1::ServerStatus& status);

// Asks the coordinator whenever it is read, and waits some seconds for the answer. Thread safe. The
// coordinator outlives it.
class StatusCollector : public prometheus::Collectable {
 public:
  explicit StatusCollector(coordinator::Coordinator& coordinator) : coordinator_(coordinator) {}
  // caviar_up is 0, and nothing else is there, where no answer came.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  coordinator::Coordinator& coordinator_;
};

}  // namespace caviar::metrics

#endif  // CAVIAR_SERVER_METRICS_STATUS_COLLECTOR_H_
