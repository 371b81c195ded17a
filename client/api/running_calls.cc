#include "client/api/running_calls.h"

namespace caviar::client {

bool RunningCalls::Enter(grpc::ClientContext& context) {
  absl::MutexLock lock(&mutex_);
  if (cancelled_) return false;
  contexts_.insert(&context);
  return true;
}

void RunningCalls::Leave(grpc::ClientContext& context) {
  absl::MutexLock lock(&mutex_);
  contexts_.erase(&context);
}

void RunningCalls::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : contexts_) context->TryCancel();  // does not wait
}

void RunningCalls::CancelRunning() {
  absl::MutexLock lock(&mutex_);
  for (grpc::ClientContext* context : contexts_) context->TryCancel();
}

void RunningCalls::SleepFor(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), duration);
}

}  // namespace caviar::client
