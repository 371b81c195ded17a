// Counters and histograms of the coordinator's work.
#ifndef CAVIAR_SERVER_METRICS_RECORDER_H_
#define CAVIAR_SERVER_METRICS_RECORDER_H_

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <map>
#include <memory>

#include "absl/time/time.h"
#include "server/coordinator/measures.h"

namespace caviar::metrics {

// Durations are in seconds, as Prometheus wants them. Thread safe.
class Recorder : public coordinator::Measures {
 public:
  Recorder();

  void OnCommit(absl::Duration took, int64_t calls) override;
  void OnFailedCommit() override;
  void OnHandOut(absl::Duration waited) override;
  void OnValues(int64_t count) override;
  void OnSuggestion(v1::Sampler::Algorithm algorithm, absl::Duration took) override;

  // Lives as long as somebody reads it.
  std::shared_ptr<prometheus::Collectable> collectable() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Histogram& commits_;
  prometheus::Histogram& batches_;
  prometheus::Counter& failed_commits_;
  prometheus::Histogram& hand_outs_;
  prometheus::Counter& values_;
  std::map<v1::Sampler::Algorithm, prometheus::Histogram*> suggestions_;
};

}  // namespace caviar::metrics

#endif  // CAVIAR_SERVER_METRICS_RECORDER_H_
