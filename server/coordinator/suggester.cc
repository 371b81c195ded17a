#include "server/coordinator/suggester.h"

#include <pthread.h>

#include <utility>

namespace caviar::coordinator {
namespace {

MaybeConfiguration Suggest(const SuggestionTask& task) {
  return sampling::Suggest(*task.sampler, *task.space, task.input);
}

}  // namespace

void InlineSuggester::Compute(SuggestionTask task, Deliver deliver) { deliver(Suggest(task)); }

BackgroundSuggester::BackgroundSuggester() : thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "suggester");
}

BackgroundSuggester::~BackgroundSuggester() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void BackgroundSuggester::Compute(SuggestionTask task, Deliver deliver) {
  absl::MutexLock lock(&mutex_);
  tasks_.emplace_back(std::move(task), std::move(deliver));
}

void BackgroundSuggester::Run() {
  while (true) {
    std::pair<SuggestionTask, Deliver> next;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !tasks_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      next = std::move(tasks_.front());
      tasks_.pop_front();
    }
    next.second(Suggest(next.first));
  }
}

}  // namespace caviar::coordinator
