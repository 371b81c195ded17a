// Connections to a coordinator: what Client and WorkerClient share. Used by their .cc files only.
#ifndef CAVIAR_CLIENT_API_CHANNEL_H_
#define CAVIAR_CLIENT_API_CHANNEL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/api/coordinator_address.h"
#include "client/api/credentials.h"

namespace caviar::client {

// A channel with keepalive (20 s, then 10 s for the answer) and quick reconnection, whose calls
// bring the token. Connects at the first call.
std::shared_ptr<grpc::Channel> MakeChannel(const CoordinatorAddress& address,
                                           const Credentials& credentials);

// To be called before each call. gRPC only looks at a connection that is being made while some call
// waits, and while the channel is known to be broken every call fails at once: without this, a
// coordinator that is back goes unnoticed for five seconds. Blocks for at most a quarter of a
// second, and only where the last connection failed.
void AwaitReconnection(grpc::Channel& channel);

// Sets the deadline on the steady clock.
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

// The coordinator's own error, ErrorDetail included; or UNAVAILABLE without a detail, naming
// `address`, where no coordinator answered, and DEADLINE_EXCEEDED where it did not in time.
absl::Status FromGrpcStatus(const grpc::Status& status, const std::string& address);

// One try of a stub's unary method.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallOnce(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    grpc::ClientContext& context, const Request& request, const std::string& address) {
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status, address);
  return response;
}

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_CHANNEL_H_
