// Names for mutations, so that a repeat is known as one.
#ifndef CAVIAR_CLIENT_API_REQUEST_IDS_H_
#define CAVIAR_CLIENT_API_REQUEST_IDS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/request.pb.h"

namespace caviar::client {

// 64 bits from the kernel's generator.
uint64_t DrawRandom();

// Counts 1, 2, ... under a client id of 128 random bits. A child after fork draws an id of its own
// at its first use. Thread safe.
class RequestIds {
 public:
  v1::RequestId Next();

 private:
  absl::Mutex mutex_;
  pid_t process_ ABSL_GUARDED_BY(mutex_) = -1;
  std::string client_id_ ABSL_GUARDED_BY(mutex_);
  int64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_REQUEST_IDS_H_
