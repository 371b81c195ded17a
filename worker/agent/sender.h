// What takes an attempt's outbox to the coordinator.
#ifndef CAVIAR_WORKER_AGENT_SENDER_H_
#define CAVIAR_WORKER_AGENT_SENDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/api/worker_client.h"
#include "worker/agent/lease.h"
#include "worker/agent/leased_calls.h"
#include "worker/agent/outbox.h"

namespace caviar::agent {

// A thread for each kind, so that a measurement never waits behind a checkpoint or a log. A
// checkpoint that cannot be stored is no reason to fail: the next one is tried. Nor is a log: the
// rest of it is dropped.
class Sender {
 public:
  // `name` is the attempt's, for the log; `number` the trial's, for the names of the threads.
  // `with_log`: the training prints. All outlive the sender. UNAVAILABLE: the system gives no more
  // threads; the outbox is closed.
  static absl::StatusOr<std::unique_ptr<Sender>> Start(std::string name, int32_t number,
                                                       bool with_log, Outbox& outbox,
                                                       client::WorkerClient& client, Lease& lease,
                                                       const BackoffBounds& bounds);
  // Join has been called.
  ~Sender() = default;

  // Blocks until all is sent, or cannot be; the outbox is closed. OK: all measurements were stored.
  absl::Status Join();

 private:
  Sender(std::string name, Outbox& outbox, const Lease& lease)
      : name_(std::move(name)), outbox_(outbox), lease_(lease) {}
  // Until all is sent or it cannot be; then the training is stopped, and sent_ says why.
  void SendMeasurements(LeasedCalls calls);
  void SendCheckpoints(LeasedCalls calls);
  void SendLog(LeasedCalls calls);

  const std::string name_;
  Outbox& outbox_;
  const Lease& lease_;
  absl::Status sent_;  // the first thread's until it is joined
  std::thread measurements_;
  std::thread checkpoints_;
  std::thread log_;  // none without a log
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_SENDER_H_
