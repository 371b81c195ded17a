// A worker's long poll: a call that is parked in the coordinator and can be cancelled there.
#ifndef CAVIAR_SERVER_API_ACQUIRE_CALL_H_
#define CAVIAR_SERVER_API_ACQUIRE_CALL_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/api/door.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// Owns itself until gRPC is done with it; the coordinator's callback shares it, because it may come
// after that, or before AcquireWork has returned the id to cancel by.
class AcquireCall final : public grpc::ServerUnaryReactor {
 public:
  static grpc::ServerUnaryReactor* Start(coordinator::Coordinator& coordinator, const Door& door,
                                         grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer);

  AcquireCall(coordinator::Coordinator& coordinator, Lane::Place place, grpc::ByteBuffer* answer)
      : coordinator_(coordinator), place_(std::move(place)), answer_(answer) {}

  void OnCancel() override;
  void OnDone() override;

 private:
  void Parked(int64_t id);
  void Answer(absl::StatusOr<v1::AcquireWorkResponse> response);
  // A grant whose caller has gone would wait for its lease to expire, and count as lost.
  void GiveBack(const v1::AcquireWorkResponse& response);

  coordinator::Coordinator& coordinator_;
  std::optional<Lane::Place> place_;  // until OnDone
  grpc::ByteBuffer* const answer_;    // gRPC's, until Finish
  std::shared_ptr<AcquireCall> self_;

  absl::Mutex mutex_;
  bool parked_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_ACQUIRE_CALL_H_
