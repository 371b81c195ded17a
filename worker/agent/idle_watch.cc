#include "worker/agent/idle_watch.h"

#include <utility>

#include "worker/agent/thread_name.h"

namespace caviar::agent {

IdleWatch::IdleWatch(absl::Duration limit, std::function<void()> idle)
    : idle_(std::move(idle)), time_(limit, std::chrono::steady_clock::now()) {
  if (limit != absl::InfiniteDuration()) thread_ = std::thread([this] { Run(); });
}

IdleWatch::~IdleWatch() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void IdleWatch::Begin() {
  const std::lock_guard lock(mutex_);
  time_.Begin();
  changed_.notify_all();
}

void IdleWatch::End() {
  const std::lock_guard lock(mutex_);
  time_.End(std::chrono::steady_clock::now());
  changed_.notify_all();
}

void IdleWatch::Run() {
  NameThisThread("idle-watch");
  std::unique_lock lock(mutex_);
  while (!closed_) {
    const std::optional<IdleTime::TimePoint> over = time_.Over();
    if (!over) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < *over) {
      changed_.wait_until(lock, *over);
    } else {
      break;
    }
  }
  const bool idle = !closed_;
  lock.unlock();
  if (idle) idle_();
}

}  // namespace caviar::agent
