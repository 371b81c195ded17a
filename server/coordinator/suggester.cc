#include "server/coordinator/suggester.h"

#include <pthread.h>

namespace caviar::coordinator {

MaybeConfiguration Suggest(const SuggestionTask& task) {
  return sampling::Suggest(*task.sampler, *task.space, task.input);
}

void InlineSuggester::Compute(SuggestionTask task, Deliver deliver) { deliver(Suggest(task)); }

BackgroundSuggester::BackgroundSuggester(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    pthread_setname_np(threads_.back().native_handle(), "suggester");
  }
}

BackgroundSuggester::~BackgroundSuggester() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void BackgroundSuggester::Compute(SuggestionTask task, Deliver deliver) {
  absl::MutexLock lock(&mutex_);
  const sampling::Sampler* sampler = task.sampler.get();
  Tasks& tasks = tasks_[sampler];
  if (tasks.empty()) turns_.push_back(sampler);
  tasks.emplace_back(std::move(task), std::move(deliver));
}

void BackgroundSuggester::Run() {
  while (true) {
    const sampling::Sampler* sampler = nullptr;
    std::pair<SuggestionTask, Deliver>* task = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !turns_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      sampler = turns_.front();
      turns_.pop_front();
      // Stays where it is until this thread removes it: a deque moves nothing when it grows.
      task = &tasks_.at(sampler).front();
    }
    task->second(Suggest(task->first));
    // Destroyed without the lock, and with it perhaps the sampler, whose place is given up first.
    std::pair<SuggestionTask, Deliver> done;
    absl::MutexLock lock(&mutex_);
    Tasks& tasks = tasks_.at(sampler);
    done = std::move(tasks.front());
    tasks.pop_front();
    if (tasks.empty()) {
      tasks_.erase(sampler);
    } else {
      turns_.push_back(sampler);
    }
  }
}

}  // namespace caviar::coordinator
