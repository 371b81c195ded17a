// What all unary methods share: bytes to a request, its check, the call, the answer to bytes.
//
// The services take raw bytes: gRPC's own parsing would answer a malformed request UNIMPLEMENTED,
// without a word. The only templates over gRPC types in this room.
#ifndef CAVIAR_SERVER_API_UNARY_H_
#define CAVIAR_SERVER_API_UNARY_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/api/request_checks.h"
#include "server/api/status.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// INVALID_ARGUMENT: broken encoding, text that is not UTF-8, or a field that CheckRequest refuses.
template <typename Request>
absl::Status ParseRequest(const grpc::ByteBuffer& bytes, Request& request) {
  grpc::ByteBuffer readable = bytes;  // shares the memory
  if (!grpc::SerializationTraits<Request>::Deserialize(&readable, &request).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("request: is not a valid ", Request::descriptor()->full_name(),
                     "; its encoding is broken, or a text in it is not UTF-8"));
  }
  return CheckRequest(request);
}

// Writes an answer's bytes and returns how the call ends.
template <typename Response>
grpc::Status WriteAnswer(absl::StatusOr<Response> answer, grpc::ByteBuffer* bytes) {
  if (!answer.ok()) return ToGrpcStatus(answer.status());
  bool own = false;
  return grpc::SerializationTraits<Response>::Serialize(*answer, bytes, &own);
}

// Parses, checks and passes the request to `start(request, done)`; the call ends when `done` is
// called, on whatever thread.
template <typename Request, typename Response, typename Start>
grpc::ServerUnaryReactor* ServeUnary(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer,
                                     Start start) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Request request;
  if (absl::Status status = ParseRequest(*bytes, request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(std::move(status)));
    return reactor;
  }
  // `answer` and the reactor live until Finish.
  start(std::move(request), [reactor, answer](absl::StatusOr<Response> response) {
    reactor->Finish(WriteAnswer(std::move(response), answer));
  });
  return reactor;
}

// The same for a method of the coordinator.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeUnary(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer,
    coordinator::Coordinator& coordinator,
    void (coordinator::Coordinator::*method)(Request, coordinator::Done<Response>)) {
  return ServeUnary<Request, Response>(
      context, bytes, answer,
      [&coordinator, method](Request request, coordinator::Done<Response> done) {
        (coordinator.*method)(std::move(request), std::move(done));
      });
}

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_UNARY_H_
