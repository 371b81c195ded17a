// One slot: polls for work and runs it, one attempt after the other.
#ifndef CAVIAR_WORKER_AGENT_SLOT_H_
#define CAVIAR_WORKER_AGENT_SLOT_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/backoff.h"
#include "client/api/worker_client.h"
#include "worker/agent/attempt_runner.h"
#include "worker/agent/idle_watch.h"
#include "worker/agent/lease_keeper.h"
#include "worker/agent/registration.h"
#include "worker/agent/renewer.h"
#include "worker/agent/trouble.h"

namespace caviar::agent {

// What the slots of a worker share. All outlive them.
struct SlotContext {
  client::WorkerClient& client;
  Registration& registration;
  LeaseKeeper& keeper;
  Renewer& renewer;
  AttemptRunner& runner;
  IdleWatch& idle;
  Trouble& trouble;
  BackoffBounds backoff;
  absl::Duration acquire_wait;
  absl::Time end_time;
  const std::vector<std::string>& studies;
  const std::vector<std::string>& owners;
  const std::atomic<bool>& stopping;
};

// Owns its thread, which ends once `stopping` is true, waiting calls are cancelled and the attempt
// that runs is over; then `done` is called from it. The destructor joins.
class Slot {
 public:
  Slot(int number, const SlotContext& context, std::function<void()> done);
  ~Slot() { thread_.join(); }

 private:
  void Run();
  // Polls once. Empty: nothing, for whatever reason; a pause has been made where one is due.
  v1::AcquireWorkResponse Poll(const v1::RequestId& request_id);
  void Pause(absl::Duration duration);
  void RunWork(const v1::AcquireWorkResponse& work);
  // This worker cannot do it.
  void NoteTrouble();

  const int number_;
  const SlotContext context_;
  const std::function<void()> done_;
  // The thread's:
  client::Backoff backoff_;  // where there is no work
  std::string said_;         // the error last logged
  std::thread thread_;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_SLOT_H_
