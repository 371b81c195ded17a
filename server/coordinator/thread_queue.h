// Threads that run tasks in the order in which they come.
#ifndef CAVIAR_SERVER_COORDINATOR_THREAD_QUEUE_H_
#define CAVIAR_SERVER_COORDINATOR_THREAD_QUEUE_H_

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace caviar::coordinator {

// Thread safe. The destructor runs what is queued, then joins.
class ThreadQueue {
 public:
  // `name` (at most 15 bytes) is what tools show.
  ThreadQueue(const std::string& name, int threads);
  ~ThreadQueue();
  void Post(std::function<void()> task);

 private:
  void Run();
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_THREAD_QUEUE_H_
