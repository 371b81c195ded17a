// Being known to the coordinator.
#ifndef CAVIAR_WORKER_AGENT_REGISTRATION_H_
#define CAVIAR_WORKER_AGENT_REGISTRATION_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/worker_client.h"
#include "worker/agent/leased_calls.h"

namespace caviar::agent {

// Registers the worker, and again whenever the coordinator no longer knows it. Leases stay: their
// tokens are worth the same under the new id. Thread safe.
class Registration {
 public:
  // `request` without its id.
  Registration(client::WorkerClient& client, v1::RegisterWorkerRequest request,
               const BackoffBounds& bounds);

  // Registers whenever that is needed, for as long as it takes, until Close. Blocks; one thread
  // runs it. `registered` is called with each answer.
  void Run(const std::function<void(const v1::RegisterWorkerResponse&)>& registered);
  void Close();

  // The worker's id; blocks until it has one. nullopt: it has none, and is closed.
  std::optional<std::string> WorkerId();
  // A call with this id was answered WORKER_UNKNOWN.
  void MarkUnknown(const std::string& worker_id);
  // How often to renew. The coordinator's word; 1 s before it has said one.
  absl::Duration renew_interval() const;

 private:
  // Waits until registering is needed; false: closed.
  bool AwaitNeed();
  // Tries until it is registered; nullopt: closed.
  std::optional<v1::RegisterWorkerResponse> Register();
  // False: closed meanwhile.
  bool Sleep(absl::Duration delay);

  client::WorkerClient& client_;
  const v1::RegisterWorkerRequest request_;
  const BackoffBounds bounds_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  bool closed_ = false;
  std::string worker_id_;  // empty: not known, or no longer
  absl::Duration renew_interval_ = absl::Seconds(1);
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_REGISTRATION_H_
