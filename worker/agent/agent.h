// A worker: takes trials under leases, has them trained, reports, and survives a coordinator that
// is away.
//
// This room knows leases, the worker's calls and the Trainer interface. It must never know how a
// network is trained, or what a coordinator decides. It logs to spdlog's default logger.
#ifndef CAVIAR_WORKER_AGENT_AGENT_H_
#define CAVIAR_WORKER_AGENT_AGENT_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/worker_client.h"
#include "worker/agent/leased_calls.h"
#include "worker/agent/log_box.h"
#include "worker/agent/outbox.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

struct AgentOptions {
  // Name, version, slots, features, labels; the agent fills in the rest.
  v1::RegisterWorkerRequest registration;
  // How long one poll for work may park at the coordinator, at most 60 s.
  absl::Duration acquire_wait = absl::Seconds(30);
  // Between tries while the coordinator is away.
  BackoffBounds backoff;
  // Metric values that an attempt keeps while the coordinator is away; a training that measures
  // more has failed.
  int64_t max_unsent_values = Outbox::kDefaultMaxValues;
  // When what programs print is sent.
  LogBox::Options log;
  // Where the code of programs is kept: a folder of the worker's, or one that can be made. Empty:
  // none is fetched, for workers that run no programs.
  std::string code_directory;
  // How long Run may go on after Stop, to send checkpoints and finished outcomes and to give work
  // back. A quarter of it is kept for giving back what did not come in time.
  absl::Duration grace = absl::Seconds(8);
  // Stops by itself when no slot had work for so long, whether or not the coordinator is there.
  absl::Duration exit_when_idle = absl::InfiniteDuration();
  // When this worker is going to be ended by whoever lent it its machine. Each poll says how long
  // that is, so that no trial is begun that would be cut off and could not go on elsewhere.
  absl::Time end_time = absl::InfiniteFuture();
  // The only studies, and the only owners', whose trials it takes; empty: all.
  std::vector<std::string> studies, owners;
  // Called after each registration, from the caller of Run.
  std::function<void()> on_registered = [] {};
};

// One thread per slot, two more per running attempt (they send), three where that is a program; one
// that renews all leases; and the caller of Run, which registers.
class Agent {
 public:
  // `client` and `trainer` outlive it.
  static std::unique_ptr<Agent> Make(client::WorkerClient& client, training::Trainer& trainer,
                                     AgentOptions options);
  virtual ~Agent() = default;

  // Works until Stop: then takes nothing more, asks the trainings for a checkpoint and to stop,
  // sends those and gives the leases back, sends the outcomes that are ready, and returns within
  // `grace`, unless a trainer does not heed StopRequested. A coordinator that cannot be reached is
  // no reason to return. Once only. False: some of it did not get through, and those leases end by
  // themselves; or the system gives it too few threads, and it took nothing.
  virtual bool Run() = 0;
  // From any thread, not from a signal handler. Repeating it is harmless; before Run, it makes Run
  // return at once.
  virtual void Stop() = 0;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_AGENT_H_
