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
#include "client/api/running_calls.h"

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

// What a call that its caller cancelled ends with.
absl::Status Cancelled();

// The coordinator's own error, ErrorDetail included; or UNAVAILABLE without a detail, naming
// `address`, where no coordinator answered, and DEADLINE_EXCEEDED where it did not in time.
// CANCELLED is only what the caller `cancelled`: a coordinator's gRPC says it too, of what comes in
// or still runs while it shuts down.
absl::Status FromGrpcStatus(const grpc::Status& status, const std::string& address,
                            bool cancelled = false);

// One try of a stub's unary method, which ends when the calls of `running` are cancelled; nullptr:
// nobody cancels it.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallOnce(Stub& stub,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  grpc::ClientContext& context, const Request& request,
                                  const std::string& address, RunningCalls* running) {
  if (running != nullptr && !running->Enter(context)) return Cancelled();
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  const bool cancelled = running != nullptr && running->Leave(context);
  if (!status.ok()) return FromGrpcStatus(status, address, cancelled);
  return response;
}

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_CHANNEL_H_
