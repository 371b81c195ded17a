#include "server/metrics/recorder.h"

#include <string>

#include "absl/strings/ascii.h"

namespace caviar::metrics {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

// A commit takes a sync of a disk: from a good one's 50 microseconds to a broken one's seconds.
Buckets CommitSeconds() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
}
Buckets Sizes() { return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000}; }
// Callers wait for half a minute, then they ask again.
Buckets WaitSeconds() { return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30}; }
Buckets SuggestionSeconds() {
  return {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name,
                                    const std::string& help, const Buckets& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name,
                                const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Recorder::Recorder()
    : registry_(std::make_shared<prometheus::Registry>()),
      commits_(AddHistogram(*registry_, "caviar_commit_seconds",
                            "What transactions of the store took, syncs to disk included.",
                            CommitSeconds())),
      batches_(AddHistogram(*registry_, "caviar_commit_calls",
                            "How many calls shared a transaction.", Sizes())),
      failed_commits_(AddCounter(*registry_, "caviar_failed_commits_total",
                                 "Transactions that the store refused.")),
      hand_outs_(AddHistogram(
          *registry_, "caviar_hand_out_seconds",
          "From a call for a trial to its answer; waiting for a suggestion or for room is in it.",
          WaitSeconds())),
      values_(AddCounter(*registry_, "caviar_metric_values_total",
                         "Metric values that were reported and stored.")) {
  auto& suggestions = prometheus::BuildHistogram()
                          .Name("caviar_suggestion_seconds")
                          .Help("From asking a sampler for a configuration to having it.")
                          .Register(*registry_);
  const auto& names = *v1::Sampler::Algorithm_descriptor();
  for (int i = 0; i < names.value_count(); ++i) {
    const auto algorithm = static_cast<v1::Sampler::Algorithm>(names.value(i)->number());
    if (algorithm == v1::Sampler::ALGORITHM_UNSPECIFIED) continue;
    suggestions_[algorithm] = &suggestions.Add(
        {{"sampler", absl::AsciiStrToLower(names.value(i)->name())}}, SuggestionSeconds());
  }
}

void Recorder::OnCommit(absl::Duration took, int64_t calls) {
  commits_.Observe(absl::ToDoubleSeconds(took));
  batches_.Observe(static_cast<double>(calls));
}

void Recorder::OnFailedCommit() { failed_commits_.Increment(); }

void Recorder::OnHandOut(absl::Duration waited) {
  hand_outs_.Observe(absl::ToDoubleSeconds(waited));
}

void Recorder::OnValues(int64_t count) { values_.Increment(static_cast<double>(count)); }

void Recorder::OnSuggestion(v1::Sampler::Algorithm algorithm, absl::Duration took) {
  const auto found = suggestions_.find(algorithm);
  if (found != suggestions_.end()) found->second->Observe(absl::ToDoubleSeconds(took));
}

}  // namespace caviar::metrics
