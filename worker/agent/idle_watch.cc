#include "worker/agent/idle_watch.h"

#include <utility>

#include "worker/agent/thread_name.h"

namespace caviar::agent {

IdleWatch::IdleWatch(absl::Duration limit, std::function<void()> idle)
    : limit_(limit), idle_(std::move(idle)), idle_since_(std::chrono::steady_clock::now()) {
  if (limit_ != absl::InfiniteDuration()) thread_ = std::thread([this] { Run(); });
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
  ++running_;
  changed_.notify_all();
}

void IdleWatch::End() {
  const std::lock_guard lock(mutex_);
  --running_;
  idle_since_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

void IdleWatch::Run() {
  NameThisThread("idle-watch");
  std::unique_lock lock(mutex_);
  while (!closed_) {
    if (running_ > 0) {
      changed_.wait(lock);
      continue;
    }
    const auto end = idle_since_ + absl::ToChronoNanoseconds(limit_);
    if (std::chrono::steady_clock::now() >= end) break;
    changed_.wait_until(lock, end);
  }
  const bool idle = !closed_;
  lock.unlock();
  if (idle) idle_();
}

}  // namespace caviar::agent
