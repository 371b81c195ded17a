#include "worker/agent/registration.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "caviar/v1/error_detail.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"

namespace caviar::agent {

Registration::Registration(client::WorkerClient& client, v1::RegisterWorkerRequest request,
                           const BackoffBounds& bounds)
    : client_(client), request_(std::move(request)), bounds_(bounds) {}

void Registration::Run(const std::function<void(const v1::RegisterWorkerResponse&)>& registered) {
  client::Backoff pause(bounds_.min, bounds_.max, client::DrawRandom());
  for (bool first = true; AwaitNeed(); first = false) {
    // A coordinator that forgets its workers at once must not be called in a tight loop.
    if (!first && !Sleep(pause.Next())) return;
    const std::optional<v1::RegisterWorkerResponse> answer = Register();
    if (!answer) return;
    registered(*answer);
    const absl::Duration interval = absl::Seconds(answer->renew_interval().seconds()) +
                                    absl::Nanoseconds(answer->renew_interval().nanos());
    const std::lock_guard lock(mutex_);
    worker_id_ = answer->worker_id();
    renew_interval_ = std::max(interval, absl::Milliseconds(10));
    changed_.notify_all();
  }
}

std::optional<v1::RegisterWorkerResponse> Registration::Register() {
  client::Backoff backoff(bounds_.min, bounds_.max, client::DrawRandom());
  v1::RegisterWorkerRequest request = request_;
  *request.mutable_request_id() = client_.NextRequestId();
  std::string said;
  for (;;) {
    const auto answer = client_.Register(request);
    if (answer.ok() && !answer->worker_id().empty()) return *answer;
    const absl::Status status =
        answer.ok() ? absl::InternalError("the answer holds no worker id") : answer.status();
    if (error::HasReason(status, error::kRequestIdExpired)) {
      *request.mutable_request_id() = client_.NextRequestId();
      continue;
    }
    const absl::Duration least = client::RetryDelay(status).value_or(absl::ZeroDuration());
    // Once for each reason, not once a try. Nothing when it was Close that ended the call.
    if (said != status.ToString(absl::StatusToStringMode::kWithNoExtraData) &&
        !absl::IsCancelled(status)) {
      said = status.ToString(absl::StatusToStringMode::kWithNoExtraData);
      spdlog::warn("not registered yet, trying again: {}", said);
    }
    if (!Sleep(least + backoff.Next())) return std::nullopt;
  }
}

bool Registration::AwaitNeed() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || worker_id_.empty(); });
  return !closed_;
}

bool Registration::Sleep(absl::Duration delay) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(delay), [this] { return closed_; });
}

void Registration::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::optional<std::string> Registration::WorkerId() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !worker_id_.empty(); });
  if (worker_id_.empty()) return std::nullopt;
  return worker_id_;
}

void Registration::MarkUnknown(const std::string& worker_id) {
  const std::lock_guard lock(mutex_);
  if (worker_id_ == worker_id) worker_id_.clear();
  changed_.notify_all();
}

absl::Duration Registration::renew_interval() const {
  const std::lock_guard lock(mutex_);
  return renew_interval_;
}

}  // namespace caviar::agent
