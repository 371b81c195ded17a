// The suggester computes configurations ahead of their hand-out, on threads of its own.
#ifndef CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_
#define CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"

namespace caviar::coordinator {

// All that a suggestion depends on, shared or copied, so that it can be computed on any thread.
struct SuggestionTask {
  std::shared_ptr<const search_space::SearchSpace> space;
  std::shared_ptr<sampling::Sampler> sampler;
  sampling::SamplerInput input;
};

// nullopt: there is no configuration left to try.
using MaybeConfiguration = std::optional<search_space::Configuration>;

// Runs tasks, each exactly once, one after the other. Thread safe.
class Suggester {
 public:
  using Deliver = std::function<void(MaybeConfiguration)>;
  virtual ~Suggester() = default;
  // Computes the suggestion and calls `deliver` with it, at once or later on another thread.
  virtual void Compute(SuggestionTask task, Deliver deliver) = 0;
};

// Computes at once, in the caller's thread: for simulations.
class InlineSuggester : public Suggester {
 public:
  void Compute(SuggestionTask task, Deliver deliver) override;
};

// One background thread, first come first served. The destructor finishes the task at work and
// drops the others.
class BackgroundSuggester : public Suggester {
 public:
  BackgroundSuggester();
  ~BackgroundSuggester() override;
  void Compute(SuggestionTask task, Deliver deliver) override;

 private:
  void Run();
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::pair<SuggestionTask, Deliver>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_
