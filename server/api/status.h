// absl::Status as it goes out: code, message and ErrorDetail cross the wire unchanged.
#ifndef CAVIAR_SERVER_API_STATUS_H_
#define CAVIAR_SERVER_API_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace caviar::server_api {

// A retry delay goes out as a google.rpc.RetryInfo, too.
//
// Two things are changed on the way. Both parts travel as HTTP/2 metadata, of which clients take
// 8 KiB: a message is cut at 768 bytes, and violations past 2.5 KiB are left out (the first stays).
// And an UNAVAILABLE without a detail gets one with the reason COORDINATOR_UNAVAILABLE, so that a
// caller can tell "the coordinator cannot do it now" from "there is no coordinator".
grpc::Status ToGrpcStatus(absl::Status status);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_STATUS_H_
