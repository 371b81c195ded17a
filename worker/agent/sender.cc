#include "worker/agent/sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/logs/logs.h"
#include "worker/agent/thread_name.h"

namespace caviar::agent {
namespace {

// An outcome may wait for the end of a log: a pause between tries does not make it wait for long.
constexpr absl::Duration kMaxLogPause = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<Sender>> Sender::Start(std::string name, int32_t number,
                                                      bool with_log, Outbox& outbox,
                                                      client::WorkerClient& client, Lease& lease,
                                                      const BackoffBounds& bounds) {
  std::unique_ptr<Sender> started(new Sender(std::move(name), outbox, lease));
  Sender* const sender = started.get();
  const auto start = [&](absl::string_view role, const BackoffBounds& pauses, auto send) {
    return std::thread([sender, &client, &lease, pauses, send, fields = logs::Current(),
                        thread_name = absl::StrCat(role, "-", number)] {
      const logs::Scope scope(fields);
      NameThisThread(thread_name);
      (sender->*send)(LeasedCalls(client, lease, pauses));
    });
  };
  try {
    sender->measurements_ = start("send", bounds, &Sender::SendMeasurements);
    sender->checkpoints_ = start("save", bounds, &Sender::SendCheckpoints);
    if (with_log) {
      sender->log_ =
          start("log", {bounds.min, std::min(bounds.max, kMaxLogPause)}, &Sender::SendLog);
    }
  } catch (const std::system_error& error) {
    outbox.Close(/*with_checkpoint=*/false);
    sender->Join().IgnoreError();
    return absl::UnavailableError(
        absl::StrCat("no thread can be started: ", error.code().message()));
  }
  return started;
}

absl::Status Sender::Join() {
  if (measurements_.joinable()) measurements_.join();
  if (checkpoints_.joinable()) checkpoints_.join();
  outbox_.log().Close();
  if (log_.joinable()) log_.join();
  return sent_;
}

void Sender::SendMeasurements(LeasedCalls calls) {
  for (;;) {
    const std::vector<v1::Measurement> batch = outbox_.Next();
    if (batch.empty()) return;
    sent_ = calls.Report(batch);
    if (!sent_.ok()) {
      outbox_.Stop();
      return;
    }
    outbox_.Pop(batch.size());
  }
}

void Sender::SendCheckpoints(LeasedCalls calls) {
  bool told = false;
  while (const std::optional<Outbox::Checkpoint> checkpoint = outbox_.NextCheckpoint()) {
    const absl::Status stored =
        calls.Upload(v1::Artifact::CHECKPOINT, checkpoint->step, checkpoint->bytes,
                     [this](bool failed) { return outbox_.GivesWay(failed); });
    if (stored.ok()) outbox_.CheckpointStored();
    if (lease_.ended()) return;
    // Once an attempt, not once a checkpoint.
    if (stored.ok() || absl::IsCancelled(stored) || std::exchange(told, true)) continue;
    spdlog::warn("trial {}: a checkpoint at step {} was not stored; training goes on: {}", name_,
                 checkpoint->step, stored.ToString(absl::StatusToStringMode::kWithNoExtraData));
  }
}

void Sender::SendLog(LeasedCalls calls) {
  LogBox& log = outbox_.log();
  while (const std::optional<LogBox::Piece> piece = log.Next()) {
    const absl::StatusOr<int64_t> size = calls.AppendLog(
        piece->offset, piece->data, [&log](bool failed) { return failed && log.OutOfPatience(); });
    if (size.ok()) {
      log.Answered(*piece, *size);
      continue;
    }
    log.GiveUp();
    if (lease_.ended()) return;
    spdlog::warn("trial {}: from byte {} on, its log is not stored: {}", name_, piece->offset,
                 size.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
  }
}

}  // namespace caviar::agent
