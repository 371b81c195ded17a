// The suggester computes configurations ahead of their hand-out, on threads of its own.
#ifndef CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_
#define CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

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

// What the task asks for, computed in the caller's thread.
MaybeConfiguration Suggest(const SuggestionTask& task);

// Runs tasks, each exactly once; those of one sampler one after the other, in the order in which
// they came. Thread safe.
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

// A few background threads. A slow sampler keeps one of them busy and no other sampler waiting,
// until all threads have a slow one; waiting samplers take turns, a task each. The destructor
// finishes the tasks at work and drops the others.
class BackgroundSuggester : public Suggester {
 public:
  explicit BackgroundSuggester(int threads);
  ~BackgroundSuggester() override;
  void Compute(SuggestionTask task, Deliver deliver) override;

 private:
  using Tasks = std::deque<std::pair<SuggestionTask, Deliver>>;
  void Run();
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // By sampler: what it has to do, the task at work among it, which comes first.
  std::map<const sampling::Sampler*, Tasks> tasks_ ABSL_GUARDED_BY(mutex_);
  // Those that no thread works for.
  std::deque<const sampling::Sampler*> turns_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_SUGGESTER_H_
