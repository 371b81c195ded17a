// The sockets on which a server waits for connections.
#ifndef CAVIAR_SERVER_API_LISTEN_SOCKET_H_
#define CAVIAR_SERVER_API_LISTEN_SOCKET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/api/file_descriptor.h"
#include "server/api/listen_address.h"

namespace caviar::server_api {

struct ListenSockets {
  std::vector<FileDescriptor>
      sockets;   // not blocking; one for each address that the host's name has
  int port = 0;  // the same for all
};

// Binds and listens, so that two servers never share a port: gRPC would let them (SO_REUSEPORT),
// and each would get half of the connections. [::] takes IPv4 too, as everywhere on Linux.
//
// INVALID_ARGUMENT: no such host. FAILED_PRECONDITION: it cannot be listened on; the message says
// why ("Address already in use") and what to do about it. An address of the host's name that this
// machine does not have is passed over where there is another one.
absl::StatusOr<ListenSockets> Listen(const ListenAddress& address);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_LISTEN_SOCKET_H_
