// Calls that another thread may end. Used by this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_RUNNING_CALLS_H_
#define CAVIAR_CLIENT_API_RUNNING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace caviar::client {

// Thread safe.
class RunningCalls {
 public:
  // Enters `context`, or returns false: cancelled.
  bool Enter(grpc::ClientContext& context);
  // Whether it was cancelled meanwhile. Its answer may have been there by then.
  bool Leave(grpc::ClientContext& context);
  // From now on no call enters, and those that have are cancelled. Does not wait for them.
  void Cancel();
  // Those that have entered are cancelled, and others may follow.
  void CancelRunning();
  // Waits for so long, or until Cancel.
  void SleepFor(absl::Duration duration);

 private:
  void CancelEach() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<grpc::ClientContext*, bool> contexts_ ABSL_GUARDED_BY(mutex_);  // whether cancelled
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_RUNNING_CALLS_H_
