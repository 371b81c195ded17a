#include "server/api/study_watch.h"

#include <grpc/support/time.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "server/api/unary.h"

namespace caviar::server_api {
namespace {

constexpr int64_t kWatchMilliseconds = 100;
// Well below the 4 MiB that clients take by default, whatever the trials' parameters are.
constexpr size_t kMaxTrialBytesPerMessage = 1 << 20;

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StudyWatch::Start(coordinator::Coordinator& coordinator,
                                                              const Door& door,
                                                              grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* bytes,
                                                              const std::atomic<bool>& draining) {
  const auto watch = std::make_shared<StudyWatch>(coordinator, draining);
  watch->self_ = watch;
  v1::WatchStudyRequest request;
  absl::StatusOr<Lane::Place> place = door.Enter(*context, bytes->Length());
  const absl::Status refused = place.ok() ? ParseRequest(*bytes, request) : place.status();
  if (!refused.ok()) {
    watch->Finish(Refusal(refused, *context));
    return watch.get();
  }
  watch->place_.emplace(*std::move(place));
  watch->study_ = request.study();
  if (request.include_finished()) watch->after_.emplace();
  // Before the first read, so that no change falls between the two.
  watch->listener_ =
      coordinator.Listen(request.study(), [changed = watch->changed_] { *changed = true; });
  watch->Read();
  return watch.get();
}

void StudyWatch::Read() {
  *changed_ = false;
  coordinator_.ReadStudyChanges(
      study_, after_,
      [self = shared_from_this()](absl::StatusOr<coordinator::Coordinator::StudyChanges> changes) {
        self->Take(std::move(changes));
      });
}

void StudyWatch::Take(absl::StatusOr<coordinator::Coordinator::StudyChanges> changes) {
  if (!changes.ok()) return End(changes.status());
  const google::protobuf::Timestamp& created = changes->response.study().create_time();
  if (!create_time_) create_time_ = created;
  if (create_time_->seconds() != created.seconds() || create_time_->nanos() != created.nanos()) {
    return End(absl::NotFoundError(
        absl::StrCat("study \"", study_, "\" was deleted; another one has its name now")));
  }
  after_ = changes->position;
  more_ = changes->more;
  over_ = changes->over;
  Queue(std::move(changes->response));
  WriteNext();
}

void StudyWatch::Queue(v1::WatchStudyResponse response) {
  v1::WatchStudyResponse part;
  *part.mutable_study() = response.study();
  size_t bytes = 0;
  const auto flush = [&] {
    WriteBytes(part, unsent_.emplace_back());
    unsent_bytes_ += unsent_.back().Length();
    part.clear_finished();
    bytes = 0;
  };
  for (v1::Trial& trial : *response.mutable_finished()) {
    const size_t size = trial.ByteSizeLong();
    if (bytes > 0 && bytes + size > kMaxTrialBytesPerMessage) flush();
    bytes += size;
    *part.add_finished() = std::move(trial);
  }
  flush();
}

void StudyWatch::WriteNext() {
  if (cancelled_) return End(absl::CancelledError("the client has gone"));
  writing_ = std::move(unsent_.front());
  writing_size_ = writing_.Length();
  unsent_.pop_front();
  place_->Sending(std::exchange(unsent_bytes_, 0));
  StartWrite(&writing_);
}

void StudyWatch::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError("the client has gone"));
  place_->Sent(writing_size_);
  if (!unsent_.empty()) return WriteNext();
  if (over_) return End(absl::OkStatus());
  if (more_ && !draining_) return Read();
  Wait();
}

void StudyWatch::Wait() {
  // A new one each time: an alarm must not be set again from its own callback.
  alarm_.emplace();
  alarm_->Set(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                           gpr_time_from_millis(kWatchMilliseconds, GPR_TIMESPAN)),
              [self = shared_from_this()](bool) { self->Look(); });
}

void StudyWatch::Look() {
  if (cancelled_) return End(absl::CancelledError("the client has gone"));
  if (draining_) return End(error::ShuttingDown());
  if (*changed_) return Read();
  Wait();
}

void StudyWatch::End(const absl::Status& status) {
  if (listener_) coordinator_.StopListening(*listener_);
  listener_.reset();
  Finish(ToGrpcStatus(status));
}

void StudyWatch::OnDone() {
  alarm_.reset();  // its callback shares this
  place_.reset();
  // Last: it may destroy this.
  const std::shared_ptr<StudyWatch> self = std::move(self_);
}

}  // namespace caviar::server_api
