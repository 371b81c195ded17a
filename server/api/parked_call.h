// A call that waits for a trial: it is parked in the coordinator and can be cancelled there.
#ifndef CAVIAR_SERVER_API_PARKED_CALL_H_
#define CAVIAR_SERVER_API_PARKED_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/api/door.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// Owns itself until gRPC is done with it; the coordinator's callback shares it, because it may come
// after that, or before the coordinator has returned the id to cancel by.
class ParkedCall final : public grpc::ServerUnaryReactor {
 public:
  // A worker's AcquireWork.
  static grpc::ServerUnaryReactor* Acquire(coordinator::Coordinator& coordinator, const Door& door,
                                           grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer);
  // An asker's AskTrial.
  static grpc::ServerUnaryReactor* Ask(coordinator::Coordinator& coordinator, const Door& door,
                                       grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer);

  ParkedCall(coordinator::Coordinator& coordinator, Lane::Place place, grpc::ByteBuffer* answer)
      : coordinator_(coordinator), place_(std::move(place)), answer_(answer) {}

  void OnCancel() override;
  void OnDone() override;

 private:
  template <typename Request, typename Response>
  static grpc::ServerUnaryReactor* Start(
      coordinator::Coordinator& coordinator, const Door& door, grpc::CallbackServerContext* context,
      const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer,
      int64_t (coordinator::Coordinator::*park)(Request, coordinator::Done<Response>));
  void Parked(int64_t id);
  template <typename Response>
  void Answer(absl::StatusOr<Response> response);
  // Whether the caller has gone before.
  bool NoteAnswered();

  coordinator::Coordinator& coordinator_;
  std::optional<Lane::Place> place_;  // until OnDone
  grpc::ByteBuffer* const answer_;    // gRPC's, until Finish
  std::shared_ptr<ParkedCall> self_;

  absl::Mutex mutex_;
  bool parked_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_PARKED_CALL_H_
