#include "server/api/parked_call.h"

#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/api/unary.h"

namespace caviar::server_api {
namespace {

// Of what is granted; nullptr: nothing is.
const v1::FencingToken* TokenOf(const v1::AcquireWorkResponse& response) {
  if (response.has_trial()) return &response.trial().token();
  return response.has_evaluation() ? &response.evaluation().token() : nullptr;
}
const v1::FencingToken* TokenOf(const v1::AskTrialResponse& response) { return &response.token(); }

}  // namespace

grpc::ServerUnaryReactor* ParkedCall::Acquire(coordinator::Coordinator& coordinator,
                                              const Door& door,
                                              grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) {
  return Start(coordinator, door, context, bytes, answer, &coordinator::Coordinator::AcquireWork);
}

grpc::ServerUnaryReactor* ParkedCall::Ask(coordinator::Coordinator& coordinator, const Door& door,
                                          grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer) {
  return Start(coordinator, door, context, bytes, answer, &coordinator::Coordinator::AskTrial);
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* ParkedCall::Start(
    coordinator::Coordinator& coordinator, const Door& door, grpc::CallbackServerContext* context,
    const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer,
    int64_t (coordinator::Coordinator::*park)(Request, coordinator::Done<Response>)) {
  Request request;
  absl::StatusOr<Lane::Place> place = Admit(door, *context, *bytes, request);
  if (!place.ok()) return Refuse(*context, place.status());
  const auto call = std::make_shared<ParkedCall>(coordinator, *std::move(place), answer);
  call->self_ = call;
  const int64_t id = (coordinator.*park)(
      std::move(request),
      [call](absl::StatusOr<Response> response) { call->Answer(std::move(response)); });
  call->Parked(id);
  return call.get();
}

void ParkedCall::Parked(int64_t id) {
  bool cancel = false;
  {
    absl::MutexLock lock(&mutex_);
    parked_ = true;
    id_ = id;
    cancel = cancelled_ && !answered_;
  }
  if (cancel) coordinator_.CancelPoll(id);
}

void ParkedCall::OnCancel() {
  int64_t id = 0;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    if (!parked_ || answered_) return;
    id = id_;
  }
  // Outside of the lock: the coordinator may answer within this call.
  coordinator_.CancelPoll(id);
}

template <typename Response>
void ParkedCall::Answer(absl::StatusOr<Response> response) {
  if (NoteAnswered() && response.ok()) {
    // It would wait for its lease to expire, which may take a day, and count as lost.
    if (const v1::FencingToken* token = TokenOf(*response)) coordinator_.LoseAnswer(*token);
  }
  const grpc::Status status = WriteAnswer(std::move(response), answer_);
  place_->Sending(answer_->Length());
  Finish(status);
}

bool ParkedCall::NoteAnswered() {
  absl::MutexLock lock(&mutex_);
  answered_ = true;
  return cancelled_;
}

void ParkedCall::OnDone() {
  place_.reset();  // the coordinator may keep the rest a little longer than there is a lane
  // Last: it may destroy this.
  const std::shared_ptr<ParkedCall> self = std::move(self_);
}

}  // namespace caviar::server_api
