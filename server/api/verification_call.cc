#include "server/api/verification_call.h"

#include <grpc/support/time.h>

#include <utility>

#include "caviar/v1/error_detail.h"
#include "server/api/unary.h"

namespace caviar::server_api {
namespace {

// A small study is verified at once.
constexpr int64_t kFirstMilliseconds = 20;
constexpr int64_t kProgressMilliseconds = 200;

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* VerificationCall::Start(
    coordinator::Coordinator& coordinator, const Door& door, grpc::CallbackServerContext* context,
    const grpc::ByteBuffer* bytes, const std::atomic<bool>& draining) {
  const auto call = std::make_shared<VerificationCall>(draining);
  call->self_ = call;
  v1::VerifyStudyRequest request;
  absl::StatusOr<Lane::Place> place = door.Enter(*context, bytes->Length());
  const absl::Status refused = place.ok() ? ParseRequest(*bytes, request) : place.status();
  if (!refused.ok()) {
    call->Finish(Refusal(refused, *context));
    return call.get();
  }
  call->place_.emplace(*std::move(place));
  const std::shared_ptr<Shared> shared = call->shared_;
  coordinator.VerifyStudy(
      std::move(request),
      [shared](const v1::VerifyStudyResponse& so_far) {
        absl::MutexLock lock(&shared->mutex);
        shared->so_far = so_far;
        return !shared->over;
      },
      [shared](absl::StatusOr<v1::VerifyStudyResponse> result) {
        absl::MutexLock lock(&shared->mutex);
        shared->result = std::move(result);
      });
  call->Wait(kFirstMilliseconds);
  return call.get();
}

void VerificationCall::Wait(int64_t milliseconds) {
  // A new one each time: an alarm must not be set again from its own callback.
  alarm_.emplace();
  alarm_->Set(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(milliseconds, GPR_TIMESPAN)),
      [self = shared_from_this()](bool) { self->Look(); });
}

void VerificationCall::Look() {
  if (shared_->over) return End(absl::CancelledError("the client has gone"));
  if (draining_) return End(error::ShuttingDown());
  v1::VerifyStudyResponse response;
  absl::Status failed;
  {
    absl::MutexLock lock(&shared_->mutex);
    last_ = shared_->result.has_value();
    if (last_) failed = shared_->result->status();
    if (failed.ok()) response = last_ ? **shared_->result : shared_->so_far;
  }
  if (!failed.ok()) return End(failed);
  if (!last_ && response.trials() == said_) return Wait(kProgressMilliseconds);
  said_ = response.trials();
  WriteBytes(response, writing_);
  writing_size_ = writing_.Length();
  place_->Sending(writing_size_);
  StartWrite(&writing_);
}

void VerificationCall::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError("the client has gone"));
  place_->Sent(writing_size_);
  if (last_) return End(absl::OkStatus());
  Wait(kProgressMilliseconds);
}

void VerificationCall::End(const absl::Status& status) {
  shared_->over = true;
  Finish(ToGrpcStatus(status));
}

void VerificationCall::OnDone() {
  alarm_.reset();  // its callback shares this
  place_.reset();
  // Last: it may destroy this.
  const std::shared_ptr<VerificationCall> self = std::move(self_);
}

}  // namespace caviar::server_api
