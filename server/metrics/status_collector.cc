#include "server/metrics/status_collector.h"

#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace caviar::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Prometheus itself waits ten seconds.
constexpr absl::Duration kPatience = absl::Seconds(5);

using Values = std::vector<std::pair<std::string, double>>;

// One value for each value of a label.
MetricFamily ByLabel(const std::string& name, const std::string& help, MetricType type,
                     const std::string& label, const Values& values) {
  MetricFamily family{name, help, type, {}};
  for (const auto& [is, value] : values) {
    ClientMetric metric;
    if (!label.empty()) metric.label.push_back({label, is});
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily Gauge(const std::string& name, const std::string& help, double value) {
  return ByLabel(name, help, MetricType::Gauge, "", {{"", value}});
}

std::optional<double> ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0;
  double resident = 0;
  if (!(statm >> all >> resident)) return std::nullopt;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Filled by whoever answers, perhaps after nobody waits any more.
struct Answer {
  absl::Mutex mutex;
  std::optional<v1::ServerStatus> status ABSL_GUARDED_BY(mutex);
};

}  // namespace

std::vector<MetricFamily> ToFamilies(const v1::ServerStatus& status) {
  const v1::TrialCounts& trials = status.trial_counts();
  return {
      ByLabel("caviar_build_info", "1; the version is its label.", MetricType::Gauge, "version",
              {{status.version(), 1}}),
      Gauge("caviar_start_time_seconds", "When the coordinator was started, since 1970.",
            static_cast<double>(status.start_time().seconds())),
      ByLabel("caviar_studies", "Studies by state.", MetricType::Gauge, "state",
              {{"active", status.active_studies()},
               {"stopped", status.stopped_studies()},
               {"ended", status.ended_studies()}}),
      ByLabel("caviar_trials", "Trials of all studies by state.", MetricType::Gauge, "state",
              {{"waiting", trials.waiting()},
               {"running", trials.running()},
               {"paused", trials.paused()},
               {"completed", trials.completed()},
               {"pruned", trials.pruned()},
               {"failed", trials.failed()},
               {"infeasible", trials.infeasible()},
               {"cancelled", trials.cancelled()}}),
      Gauge("caviar_leases", "Leases that stand, those of asked trials among them.",
            status.leases()),
      Gauge("caviar_workers", "Workers heard of within the lease's time.", status.workers()),
      Gauge("caviar_slots", "Their slots.", status.slots()),
      Gauge("caviar_busy_slots", "Those that run something.", status.busy_slots()),
      ByLabel("caviar_late_values_total",
              "Metric values that came under stale tokens: kept apart, or dropped.",
              MetricType::Counter, "fate",
              {{"kept", static_cast<double>(status.late_values_kept())},
               {"dropped", static_cast<double>(status.late_values_dropped())}}),
  };
}

std::vector<MetricFamily> StatusCollector::Collect() const {
  const auto answer = std::make_shared<Answer>();
  coordinator_.GetServerStatus([answer](absl::StatusOr<v1::ServerStatus> status) {
    if (!status.ok()) return;
    absl::MutexLock lock(&answer->mutex);
    answer->status = *std::move(status);
  });
  std::optional<v1::ServerStatus> status;
  {
    absl::MutexLock lock(&answer->mutex);
    const auto is_there = [&]() ABSL_SHARED_LOCKS_REQUIRED(answer->mutex) {
      return answer->status.has_value();
    };
    answer->mutex.AwaitWithTimeout(absl::Condition(&is_there), kPatience);
    status = answer->status;
  }
  std::vector<MetricFamily> families;
  if (status) families = ToFamilies(*status);
  families.push_back(
      Gauge("caviar_up", "1: the coordinator answers; 0: it did not, in time.", status ? 1 : 0));
  if (const auto bytes = ResidentBytes()) {
    families.push_back(Gauge("process_resident_memory_bytes", "Of the coordinator.", *bytes));
  }
  return families;
}

}  // namespace caviar::metrics
