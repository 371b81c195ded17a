#include "client/api/running_calls.h"

namespace caviar::client {

bool RunningCalls::Enter(grpc::ClientContext& context) {
  absl::MutexLock lock(&mutex_);
  if (cancelled_) return false;
  contexts_[&context] = false;
  return true;
}

bool RunningCalls::Leave(grpc::ClientContext& context) {
  absl::MutexLock lock(&mutex_);
  const auto left = contexts_.extract(&context);
  return left && left.mapped();
}

void RunningCalls::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  CancelEach();
}

void RunningCalls::CancelRunning() {
  absl::MutexLock lock(&mutex_);
  CancelEach();
}

void RunningCalls::CancelEach() {
  for (auto& [context, cancelled] : contexts_) {
    cancelled = true;
    context->TryCancel();  // does not wait
  }
}

void RunningCalls::SleepFor(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), duration);
}

}  // namespace caviar::client
