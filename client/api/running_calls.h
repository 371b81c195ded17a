// Calls that another thread may end. Used by this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_RUNNING_CALLS_H_
#define CAVIAR_CLIENT_API_RUNNING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace caviar::client {

// Thread safe.
class RunningCalls {
 public:
  // Enters `context`, or returns false: cancelled.
  bool Enter(grpc::ClientContext& context);
  void Leave(grpc::ClientContext& context);
  // From now on no call enters, and those that have are cancelled. Does not wait for them.
  void Cancel();
  // Those that have entered are cancelled, and others may follow.
  void CancelRunning();
  // Waits for so long, or until Cancel.
  void SleepFor(absl::Duration duration);

 private:
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> contexts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_RUNNING_CALLS_H_
