// The coordinator's face on the network.
//
// This room knows gRPC and the Coordinator interface: it checks the shape of requests, translates
// errors, and calls. It must never decide anything, and never know SQL, samplers or trials' states.
#ifndef CAVIAR_SERVER_API_SERVER_H_
#define CAVIAR_SERVER_API_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/coordinator/backups.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// Serves StudyService, WorkerService, ServerService, BackupService, grpc.health.v1 and server
// reflection on one address, without TLS. Messages of up to 4 MiB are taken. Thread safe.
class Server {
 public:
  // `address` is host:port; port 0 picks a free one. `coordinator` and `backups` must outlive the
  // server; without `backups` it makes none.
  // INVALID_ARGUMENT: not an address. FAILED_PRECONDITION: it cannot be listened on; the message
  // says why, and what to do. Two servers never share a port.
  static absl::StatusOr<std::unique_ptr<Server>> Start(coordinator::Coordinator& coordinator,
                                                       const std::string& address,
                                                       coordinator::Backups* backups = nullptr);
  virtual ~Server() = default;

  // host:port as it is served, with the port that was picked.
  virtual std::string address() const = 0;

  // Reports itself as not serving, drains the coordinator so that parked calls are answered, ends
  // watches, takes no new calls, and waits for the running ones; those still there after `drain`
  // are cancelled. Returns when no call is left. The destructor does it with no time to drain.
  virtual void Shutdown(absl::Duration drain) = 0;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_SERVER_H_
