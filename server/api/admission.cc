#include "server/api/admission.h"

#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"

namespace caviar::server_api {
namespace {

// Long enough for hundreds of calls to be answered; callers add jitter, and more each time.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(250);

}  // namespace

absl::StatusOr<Lane::Place> Lane::Enter(grpc_call* call, size_t bytes) {
  const auto size = static_cast<int64_t>(bytes);
  Calls entry(1, Place::Call{call, size, {}});
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return error::ShuttingDown();
    const auto calls = static_cast<int>(working_.size() + sending_.size());
    if (calls < max_calls_ && bytes_ + size <= max_bytes_) {
      bytes_ += size;
      working_.splice(working_.end(), entry);
      return Place(*this, std::prev(working_.end()));
    }
  }
  return error::WithRetryDelay(
      absl::ResourceExhaustedError(absl::StrCat(
          "the coordinator is busy: it works on ", max_calls_, " ", name_, " at once, of up to ",
          max_bytes_, " bytes together; try again. Its --max-calls, ",
          "--max-waiting-calls and --max-queued-bytes say so")),
      error::kOverloaded, kRetryDelay);
}

void Lane::CancelUntaken(TimePoint time) {
  // With references of their own, because cancelling must happen outside of the lock: gRPC may end
  // the calls within it.
  std::vector<grpc_call*> late;
  {
    absl::MutexLock lock(&mutex_);
    for (const Place::Call& call : sending_) {
      if (call.sending_since >= time) break;
      if (call.call == nullptr) continue;
      grpc_call_ref(call.call);
      late.push_back(call.call);
    }
  }
  for (grpc_call* call : late) {
    grpc_call_cancel(call, nullptr);
    grpc_call_unref(call);
  }
}

void Lane::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

int Lane::calls() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(working_.size() + sending_.size());
}

int64_t Lane::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

Lane::Place::~Place() {
  if (lane_ == nullptr) return;
  Calls gone;  // freed outside of the lock
  absl::MutexLock lock(&lane_->mutex_);
  lane_->bytes_ -= call_->bytes;
  Calls& from = call_->sending_since == TimePoint() ? lane_->working_ : lane_->sending_;
  gone.splice(gone.end(), from, call_);
}

void Lane::Place::Sending(size_t bytes) {
  const TimePoint now = std::chrono::steady_clock::now();
  absl::MutexLock lock(&lane_->mutex_);
  lane_->bytes_ += static_cast<int64_t>(bytes);
  call_->bytes += static_cast<int64_t>(bytes);
  Calls& from = call_->sending_since == TimePoint() ? lane_->working_ : lane_->sending_;
  call_->sending_since = now;
  lane_->sending_.splice(lane_->sending_.end(), from, call_);
}

void Lane::Place::Sent(size_t bytes) {
  absl::MutexLock lock(&lane_->mutex_);
  lane_->bytes_ -= static_cast<int64_t>(bytes);
  call_->bytes -= static_cast<int64_t>(bytes);
  call_->sending_since = TimePoint();
  lane_->working_.splice(lane_->working_.end(), lane_->sending_, call_);
}

}  // namespace caviar::server_api
