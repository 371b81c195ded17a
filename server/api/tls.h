// The server's side of TLS. Internal to this room.
#ifndef CAVIAR_SERVER_API_TLS_H_
#define CAVIAR_SERVER_API_TLS_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "server/api/server.h"

namespace caviar::server_api {

// Files that CheckTlsFiles took. Without any: plain connections.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_TLS_H_
