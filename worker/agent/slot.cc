#include "worker/agent/slot.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"
#include "worker/agent/thread_name.h"

namespace caviar::agent {
namespace {

// A pause is made of pieces so short, so that the slot leaves soon after `stopping`.
constexpr absl::Duration kPiece = absl::Milliseconds(50);

Trouble::TimePoint Now() { return std::chrono::steady_clock::now(); }

void SetDuration(google::protobuf::Duration& out, absl::Duration duration) {
  out.set_seconds(absl::ToInt64Seconds(duration));
  out.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(out.seconds()))));
}

}  // namespace

Slot::Slot(int number, const SlotContext& context, std::function<void()> done)
    : number_(number),
      context_(context),
      done_(std::move(done)),
      backoff_(context.backoff.min, context.backoff.max, client::DrawRandom()),
      thread_([this] {
        Run();
        done_();
      }) {}

void Slot::Run() {
  NameThisThread(absl::StrCat("slot-", number_));
  v1::RequestId request_id = context_.client.NextRequestId();
  while (!context_.stopping) {
    if (!context_.trouble.MayTake(number_, Now())) {
      Pause(kPiece);
      continue;
    }
    const v1::AcquireWorkResponse work = Poll(request_id);
    if (work.work_case() == v1::AcquireWorkResponse::WORK_NOT_SET) continue;
    // The same id until a grant: a grant whose answer was lost comes again.
    request_id = context_.client.NextRequestId();
    context_.idle.Begin();
    RunWork(work);
    context_.idle.End();
  }
}

v1::AcquireWorkResponse Slot::Poll(const v1::RequestId& request_id) {
  const std::optional<std::string> worker_id = context_.registration.WorkerId();
  if (!worker_id || context_.stopping) return {};
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = request_id;
  request.set_worker_id(*worker_id);
  SetDuration(*request.mutable_wait(), context_.acquire_wait);
  if (context_.end_time != absl::InfiniteFuture()) {
    SetDuration(*request.mutable_time_left(),
                std::max(context_.end_time - absl::Now(), absl::ZeroDuration()));
  }
  request.mutable_studies()->Assign(context_.studies.begin(), context_.studies.end());
  request.mutable_owners()->Assign(context_.owners.begin(), context_.owners.end());
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<v1::AcquireWorkResponse> answer = context_.client.Acquire(request);
  if (answer.ok()) {
    said_.clear();
    const bool waited =
        absl::FromChrono(std::chrono::steady_clock::now() - start) >= context_.acquire_wait / 2;
    // A coordinator that is shutting down answers at once: do not ask in a tight loop.
    const bool granted = answer->work_case() != v1::AcquireWorkResponse::WORK_NOT_SET;
    if (granted || waited) {
      backoff_.Reset();
    } else {
      Pause(backoff_.Next());
    }
    return *std::move(answer);
  }
  if (context_.stopping) return {};
  if (error::HasReason(answer.status(), error::kWorkerUnknown)) {
    context_.registration.MarkUnknown(*worker_id);
  } else if (const std::string error =
                 answer.status().ToString(absl::StatusToStringMode::kWithNoExtraData);
             error != said_ && !absl::IsCancelled(answer.status())) {
    said_ = error;  // once, not once a try
    spdlog::warn("slot {} gets no work, trying again: {}", number_, error);
  }
  Pause(client::RetryDelay(answer.status()).value_or(absl::ZeroDuration()) + backoff_.Next());
  return {};
}

void Slot::Pause(absl::Duration duration) {
  while (duration > absl::ZeroDuration() && !context_.stopping) {
    absl::SleepFor(std::min(duration, kPiece));
    duration -= kPiece;
  }
}

void Slot::RunWork(const v1::AcquireWorkResponse& work) {
  const bool evaluates = work.work_case() == v1::AcquireWorkResponse::kEvaluation;
  const v1::FencingToken& token = evaluates ? work.evaluation().token() : work.trial().token();
  const std::shared_ptr<Lease> lease = context_.keeper.Add(token);
  if (lease->ended()) {
    // The grant came while the worker was leaving.
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = token;
    const auto answer = context_.client.GiveBack(request, absl::Seconds(2));
    if (!answer.ok()) {
      spdlog::warn("a late grant was not given back: {}",
                   answer.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
    }
    return;
  }
  context_.renewer.Wake();
  context_.trouble.Begin(number_, Now());
  bool is_trouble = false;
  const auto in_trouble = [&] {
    is_trouble = true;
    NoteTrouble();
  };
  const bool went_well = evaluates
                             ? context_.runner.RunEvaluation(work.evaluation(), *lease, in_trouble)
                             : context_.runner.RunTrial(work.trial(), *lease, in_trouble);
  context_.keeper.Remove(token);
  if (is_trouble) return;
  if (!went_well) {
    context_.trouble.Cut(number_, Now());
  } else if (context_.trouble.Done(number_)) {
    spdlog::info("this worker's trouble is over, all of its slots take work again");
  }
}

void Slot::NoteTrouble() {
  const std::optional<absl::Duration> pause = context_.trouble.Note(number_, Now());
  if (!pause) return;
  spdlog::info("this worker takes no work for {}, then one trial at a time until one goes well",
               absl::FormatDuration(absl::Ceil(*pause, absl::Seconds(1))));
  // Else what is given back comes to the next slot that waits.
  context_.client.EndPolls();
}

}  // namespace caviar::agent
