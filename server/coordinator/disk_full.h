// What callers are told when the coordinator's disk is full.
#ifndef CAVIAR_SERVER_COORDINATOR_DISK_FULL_H_
#define CAVIAR_SERVER_COORDINATOR_DISK_FULL_H_

#include "absl/status/status.h"

namespace caviar::coordinator {

// Stores and files say RESOURCE_EXHAUSTED then, which workers and clients take for final where it
// comes without a delay: it becomes UNAVAILABLE, which they try again. Other statuses stay.
absl::Status RetryWhenThereIsRoom(const absl::Status& failure);

// The same, but RESOURCE_EXHAUSTED: for what a person waits for, and begins anew.
absl::Status RefuseWithoutRoom(const absl::Status& failure);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_DISK_FULL_H_
