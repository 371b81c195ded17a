// VerifyStudy: a verification that goes on in the coordinator, and what it found so far.
#ifndef CAVIAR_SERVER_API_VERIFICATION_CALL_H_
#define CAVIAR_SERVER_API_VERIFICATION_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/verification_service.pb.h"
#include "server/api/door.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// Looks a few times a second how far the verification is and says so, until it is done. Owns itself
// until gRPC is done with it; what it shares with the coordinator's thread may outlive it.
class VerificationCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                               public std::enable_shared_from_this<VerificationCall> {
 public:
  // `draining` outlives the server; once it is true, the call ends with UNAVAILABLE.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(coordinator::Coordinator& coordinator,
                                                           const Door& door,
                                                           grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* bytes,
                                                           const std::atomic<bool>& draining);

  explicit VerificationCall(const std::atomic<bool>& draining) : draining_(draining) {}

  void OnWriteDone(bool ok) override;
  void OnCancel() override { shared_->over = true; }
  void OnDone() override;

 private:
  struct Shared {
    std::atomic<bool> over = false;  // nobody wants to know any more
    absl::Mutex mutex;
    v1::VerifyStudyResponse so_far ABSL_GUARDED_BY(mutex);
    std::optional<absl::StatusOr<v1::VerifyStudyResponse>> result ABSL_GUARDED_BY(mutex);
  };

  void Wait(int64_t milliseconds);
  void Look();
  void End(const absl::Status& status);

  const std::atomic<bool>& draining_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<VerificationCall> self_;
  std::optional<Lane::Place> place_;  // until OnDone
  grpc::ByteBuffer writing_;
  size_t writing_size_ = 0;
  int32_t said_ = -1;  // trials
  bool last_ = false;  // what is written
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_VERIFICATION_CALL_H_
