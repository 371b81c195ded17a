#include "worker/agent/renewer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "caviar/v1/error_detail.h"
#include "client/api/request_ids.h"
#include "worker/agent/thread_name.h"

namespace caviar::agent {
namespace {

constexpr absl::Duration kLeastGap = absl::Milliseconds(100);

}  // namespace

Renewer::Renewer(client::WorkerClient& client, LeaseKeeper& keeper, Registration& registration,
                 SteadyClock clock, const BackoffBounds& bounds)
    : client_(client),
      keeper_(keeper),
      registration_(registration),
      clock_(std::move(clock)),
      backoff_(bounds.min, bounds.max, client::DrawRandom()),
      thread_([this] { Run(); }) {}

Renewer::~Renewer() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Renewer::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void Renewer::Run() {
  NameThisThread("renew");
  absl::Duration delay;
  while (AwaitTurn(delay, std::min(delay, kLeastGap))) {
    const std::optional<std::string> worker_id = registration_.WorkerId();
    if (!worker_id) return;
    delay = RenewOnce(*worker_id);
  }
}

bool Renewer::AwaitTurn(absl::Duration delay, absl::Duration least) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(least), [this] { return over_; });
  changed_.wait_for(lock, absl::ToChronoNanoseconds(delay - least),
                    [this] { return over_ || woken_; });
  woken_ = false;
  return !over_;
}

absl::Duration Renewer::RenewOnce(const std::string& worker_id) {
  v1::RenewLeasesRequest request;
  request.set_worker_id(worker_id);
  for (const v1::FencingToken& token : keeper_.Tokens()) *request.add_tokens() = token;
  const absl::Duration ttl = keeper_.ttl();
  const absl::Duration sent_at = clock_();
  // Much shorter than the TTL, so that a call that got stuck is repeated in time.
  const auto answer =
      client_.Renew(request, std::clamp(ttl / 4, absl::Milliseconds(250), absl::Seconds(10)));
  const bool unknown = error::HasReason(answer.status(), error::kWorkerUnknown);
  TellWhetherAway(unknown ? absl::OkStatus() : answer.status());
  // Spread over a fifth, so that a fleet that was started together does not renew together. And
  // never so seldom that a TTL made shorter by a restart would be missed.
  const absl::Duration interval = std::min(registration_.renew_interval(), keeper_.ttl() / 3);
  if (answer.ok()) {
    keeper_.TakeAnswer(sent_at, *answer);
    backoff_.Reset();
    std::minstd_rand random(static_cast<uint32_t>(client::DrawRandom()));
    return interval * std::uniform_real_distribution<double>(0.8, 1)(random);
  }
  if (unknown) registration_.MarkUnknown(worker_id);
  return std::min(interval, backoff_.Next());
}

void Renewer::TellWhetherAway(const absl::Status& status) {
  if (status.ok() && away_) spdlog::info("the coordinator is back");
  if (!status.ok() && !away_ && !absl::IsCancelled(status)) {
    spdlog::warn("the coordinator does not answer, trying again: {}",
                 status.ToString(absl::StatusToStringMode::kWithNoExtraData));
  }
  away_ = !status.ok();
}

}  // namespace caviar::agent
