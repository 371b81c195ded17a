#include "server/api/acquire_call.h"

#include <utility>

#include "server/api/unary.h"

namespace caviar::server_api {

grpc::ServerUnaryReactor* AcquireCall::Start(coordinator::Coordinator& coordinator,
                                             const Door& door, grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) {
  absl::StatusOr<Lane::Place> place = door.Enter(*context, bytes->Length());
  v1::AcquireWorkRequest request;
  absl::Status refused = place.ok() ? ParseRequest(*bytes, request) : place.status();
  if (!refused.ok()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(Refusal(refused, *context));
    return reactor;
  }
  const auto call = std::make_shared<AcquireCall>(coordinator, *std::move(place), answer);
  call->self_ = call;
  const int64_t id = coordinator.AcquireWork(
      std::move(request), [call](absl::StatusOr<v1::AcquireWorkResponse> response) {
        call->Answer(std::move(response));
      });
  call->Parked(id);
  return call.get();
}

void AcquireCall::Parked(int64_t id) {
  bool cancel = false;
  {
    absl::MutexLock lock(&mutex_);
    parked_ = true;
    id_ = id;
    cancel = cancelled_ && !answered_;
  }
  if (cancel) coordinator_.CancelAcquire(id);
}

void AcquireCall::OnCancel() {
  int64_t id = 0;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    if (!parked_ || answered_) return;
    id = id_;
  }
  // Outside of the lock: the coordinator may answer within this call.
  coordinator_.CancelAcquire(id);
}

void AcquireCall::Answer(absl::StatusOr<v1::AcquireWorkResponse> response) {
  bool cancelled = false;
  {
    absl::MutexLock lock(&mutex_);
    answered_ = true;
    cancelled = cancelled_;
  }
  if (cancelled && response.ok()) GiveBack(*response);
  const grpc::Status status = WriteAnswer(std::move(response), answer_);
  place_->Sending(answer_->Length());
  Finish(status);
}

void AcquireCall::GiveBack(const v1::AcquireWorkResponse& response) {
  v1::GiveBackWorkRequest request;
  if (response.has_trial()) *request.add_tokens() = response.trial().token();
  if (response.has_evaluation()) *request.add_tokens() = response.evaluation().token();
  if (request.tokens().empty()) return;
  coordinator_.GiveBackWork(std::move(request), [](absl::StatusOr<v1::GiveBackWorkResponse>) {});
}

void AcquireCall::OnDone() {
  place_.reset();  // the coordinator may keep the rest a little longer than there is a lane
  // Last: it may destroy this.
  const std::shared_ptr<AcquireCall> self = std::move(self_);
}

}  // namespace caviar::server_api
