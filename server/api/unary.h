// What all unary methods share: bytes to a request, its check, the call, the answer to bytes.
//
// The services take raw bytes: gRPC's own parsing would answer a malformed request UNIMPLEMENTED,
// without a word. The only templates over gRPC types in this room.
#ifndef CAVIAR_SERVER_API_UNARY_H_
#define CAVIAR_SERVER_API_UNARY_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "server/api/door.h"
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

// Puts the message in place of what `bytes` holds.
template <typename Message>
grpc::Status WriteBytes(const Message& message, grpc::ByteBuffer& bytes) {
  bytes.Clear();  // gRPC would abort over a full one
  bool own = false;
  return grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
}

// Writes an answer's bytes and returns how the call ends.
template <typename Response>
grpc::Status WriteAnswer(absl::StatusOr<Response> answer, grpc::ByteBuffer* bytes) {
  if (!answer.ok()) return ToGrpcStatus(answer.status());
  return WriteBytes(*answer, *bytes);
}

// How a refused call ends; what gRPC's own retries go by is put into `context`.
inline grpc::Status Refusal(const absl::Status& status, grpc::CallbackServerContext& context) {
  const std::optional<v1::ErrorDetail> detail = error::Detail(status);
  const auto delay = detail ? error::RetryDelayOf(*detail) : std::nullopt;
  if (delay) {
    context.AddTrailingMetadata("grpc-retry-pushback-ms",
                                std::to_string(absl::ToInt64Milliseconds(*delay)));
  }
  return ToGrpcStatus(status);
}

// A call that was let into its lane. Owns itself until gRPC is done with it.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  static UnaryCall* Make(Lane::Place place, grpc::ByteBuffer* answer) {
    auto call = std::make_unique<UnaryCall>(std::move(place), answer);
    UnaryCall* const result = call.get();
    result->self_ = std::move(call);
    return result;
  }
  UnaryCall(Lane::Place place, grpc::ByteBuffer* answer)
      : place_(std::move(place)), answer_(answer) {}

  // Once, on whatever thread; the call may be gone when it returns.
  template <typename Response>
  void End(absl::StatusOr<Response> response) {
    const grpc::Status status = WriteAnswer(std::move(response), answer_);
    place_.Sending(answer_->Length());
    Finish(status);
  }
  // Last: it destroys this.
  void OnDone() override { const std::unique_ptr<UnaryCall> self = std::move(self_); }

 private:
  std::unique_ptr<UnaryCall> self_;
  Lane::Place place_;
  grpc::ByteBuffer* const answer_;  // gRPC's, until Finish
};

// Lets the call in, and parses and checks its request.
template <typename Request>
absl::StatusOr<Lane::Place> Admit(const Door& door, grpc::CallbackServerContext& context,
                                  const grpc::ByteBuffer& bytes, Request& request) {
  absl::StatusOr<Lane::Place> place = door.Enter(context, bytes.Length());
  if (!place.ok()) return place;
  if (absl::Status parsed = ParseRequest(bytes, request); !parsed.ok()) return parsed;
  return place;
}

// Ends the call at once.
inline grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext& context,
                                        const absl::Status& why) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(Refusal(why, context));
  return reactor;
}

// For a call that has not ended: `context` must outlive what it is used for.
inline coordinator::Wanted WantedBy(const grpc::CallbackServerContext& context) {
  return [&context] { return !context.IsCancelled(); };
}

// Parses, checks and passes the request to `start(request, done)`; the call ends when `done` is
// called, on whatever thread. Where the lane is full it is refused at once.
template <typename Request, typename Response, typename Start>
grpc::ServerUnaryReactor* ServeUnary(const Door& door, grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer,
                                     Start start) {
  Request request;
  absl::StatusOr<Lane::Place> place = Admit(door, *context, *bytes, request);
  if (!place.ok()) return Refuse(*context, place.status());
  UnaryCall* const call = UnaryCall::Make(*std::move(place), answer);
  start(std::move(request),
        [call](absl::StatusOr<Response> response) { call->End(std::move(response)); });
  return call;
}

// The same for a method of the coordinator.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeUnary(
    const Door& door, grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
    grpc::ByteBuffer* answer, coordinator::Coordinator& coordinator,
    void (coordinator::Coordinator::*method)(Request, coordinator::Done<Response>)) {
  return ServeUnary<Request, Response>(
      door, context, bytes, answer,
      [&coordinator, method](Request request, coordinator::Done<Response> done) {
        (coordinator.*method)(std::move(request), std::move(done));
      });
}

// The same for a read, which is not begun once its caller has gone.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeUnary(
    const Door& door, grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
    grpc::ByteBuffer* answer, coordinator::Coordinator& coordinator,
    void (coordinator::Coordinator::*read)(Request, coordinator::Done<Response>,
                                           coordinator::Wanted)) {
  return ServeUnary<Request, Response>(
      door, context, bytes, answer,
      [&coordinator, read, context](Request request, coordinator::Done<Response> done) {
        (coordinator.*read)(std::move(request), std::move(done), WantedBy(*context));
      });
}

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_UNARY_H_
