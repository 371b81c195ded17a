// The thread that renews all leases of a worker, in one call each time.
#ifndef CAVIAR_WORKER_AGENT_RENEWER_H_
#define CAVIAR_WORKER_AGENT_RENEWER_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/api/backoff.h"
#include "client/api/worker_client.h"
#include "worker/agent/lease_keeper.h"
#include "worker/agent/registration.h"

namespace caviar::agent {

// Renews every interval, also where there is nothing to renew: from two lists without it the
// coordinator sees that a grant was lost on its way. And at once after Wake, except that two calls
// start at least 100 ms apart: grants that come together are renewed together, and one whose answer
// is still on its way is not taken for lost. Thread safe.
class Renewer {
 public:
  Renewer(client::WorkerClient& client, LeaseKeeper& keeper, Registration& registration,
          SteadyClock clock, const BackoffBounds& bounds);
  // Ends as soon as a running call has; its registration is closed before that.
  ~Renewer();

  // A lease was granted.
  void Wake();

 private:
  void Run();
  // Blocks until the next call is due: after `delay`, or from `least` on when woken. False: over.
  bool AwaitTurn(absl::Duration delay, absl::Duration least);
  // One call; returns how long to wait until the next.
  absl::Duration RenewOnce(const std::string& worker_id);
  void TellWhetherAway(const absl::Status& status);

  client::WorkerClient& client_;
  LeaseKeeper& keeper_;
  Registration& registration_;
  const SteadyClock clock_;
  client::Backoff backoff_;  // the thread's
  bool away_ = false;        // the thread's
  std::mutex mutex_;         // guards all below but the thread
  std::condition_variable changed_;
  bool woken_ = false;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_RENEWER_H_
