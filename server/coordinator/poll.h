// A call that waits for a trial.
#ifndef CAVIAR_SERVER_COORDINATOR_POLL_H_
#define CAVIAR_SERVER_COORDINATOR_POLL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/coordinator/coordinator.h"

namespace caviar::coordinator {

// It lives outside of the state: a failed commit does not answer it. Times are on the steady clock.
struct Poll {
  int64_t id = 0;
  std::string client_id;
  int64_t sequence = 0;
  absl::Duration deadline;
  // A worker's.
  std::string worker_id;
  absl::Duration leaves_at = absl::InfiniteDuration();
  std::vector<std::string> studies, owners;  // the only ones it takes; empty: all
  Done<v1::AcquireWorkResponse> work_done;
  // An asker's (worker_id is empty).
  std::string study;
  absl::Duration lease_duration;
  Done<v1::AskTrialResponse> ask_done;
  // Set by the core.
  absl::Duration parked_since;

  // OK: there is nothing for a worker.
  void Answer(absl::Status status) const;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_POLL_H_
