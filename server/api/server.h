// The coordinator's face on the network.
//
// This room knows gRPC and the Coordinator interface: it checks the shape of requests, translates
// errors, and calls. It must never decide anything, and never know SQL, samplers or trials' states.
#ifndef CAVIAR_SERVER_API_SERVER_H_
#define CAVIAR_SERVER_API_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/api/access.h"
#include "server/api/server_limits.h"
#include "server/coordinator/backups.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// So many probes of the own address in a row have to fail before a server counts as deaf.
inline constexpr int kMaxProbeFailures = 3;

// PEM files, looked at again at each probe: what changed is for new connections, and what does not
// fit together is not taken. All empty: no TLS.
struct TlsFiles {
  std::string certificate;  // the server's, followed by those of the authorities between, if any
  std::string key;
  // Callers need a certificate that this authority vouches for; "": they need none.
  std::string client_authority;
};

struct ServerOptions {
  ServerLimits limits;
  TlsFiles tls;
  // Who may do what; outlives the server. Null: everyone who reaches it may do all.
  Access* access = nullptr;
  // How often the server looks whether it can be reached.
  absl::Duration probe_interval = absl::Seconds(5);
  // How long a caller may leave an answer, or a part of one, untaken; then its call is cancelled.
  // Longer than our own clients wait for an answer.
  absl::Duration answer_patience = absl::Seconds(60);
  // Called once, on a thread of the server's, when it cannot be reached through its own address any
  // more: the process has to end. Shutting the server down there may never return.
  std::function<void(const absl::Status&)> on_deaf = [](const absl::Status&) {};
  // Makes backups; has to outlive the server. Null: it makes none.
  coordinator::Backups* backups = nullptr;
};

// Serves StudyService, WorkerService, ServerService, BackupService, grpc.health.v1 and server
// reflection on one address. Health and reflection are open to all. What is too much is refused at
// once: connections are closed, calls get RESOURCE_EXHAUSTED with a delay to retry after. Thread
// safe.
class Server {
 public:
  // `address` is host:port; port 0 picks a free one. `coordinator` must outlive the server.
  // INVALID_ARGUMENT: not an address. FAILED_PRECONDITION: it cannot be listened on; the message
  // says why, and what to do; or a file of `options.tls` cannot be read, holds no certificate or
  // key, or the key is another's. Two servers never share a port. UNAVAILABLE: no call through its
  // own address came back; until one did, the health service says NOT_SERVING.
  static absl::StatusOr<std::unique_ptr<Server>> Start(coordinator::Coordinator& coordinator,
                                                       const std::string& address,
                                                       ServerOptions options = {});
  virtual ~Server() = default;

  // host:port as it is served, with the port that was picked.
  virtual std::string address() const = 0;

  // Reports itself as not serving, takes no new connections, answers new calls UNAVAILABLE, drains
  // the coordinator so that parked calls are answered, ends watches, and waits for the running
  // calls; those still there after `drain` are cancelled. Returns when no call is left, whoever is
  // still connected. The destructor does it with no time to drain.
  virtual void Shutdown(absl::Duration drain) = 0;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_SERVER_H_
