#include "worker/agent/sender.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "worker/agent/thread_name.h"

namespace caviar::agent {

Sender::Sender(std::string name, int32_t number, Outbox& outbox, client::WorkerClient& client,
               Lease& lease, const BackoffBounds& bounds)
    : name_(std::move(name)),
      outbox_(outbox),
      lease_(lease),
      measurements_([this, number, &client, &lease, bounds] {
        NameThisThread(absl::StrCat("send-", number));
        SendMeasurements(LeasedCalls(client, lease, bounds));
      }),
      checkpoints_([this, number, &client, &lease, bounds] {
        NameThisThread(absl::StrCat("save-", number));
        SendCheckpoints(LeasedCalls(client, lease, bounds));
      }) {}

absl::Status Sender::Join() {
  measurements_.join();
  checkpoints_.join();
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
    if (lease_.ended()) return;
    // Once an attempt, not once a checkpoint.
    if (stored.ok() || absl::IsCancelled(stored) || std::exchange(told, true)) continue;
    spdlog::warn("trial {}: a checkpoint at step {} was not stored; training goes on: {}", name_,
                 checkpoint->step, stored.ToString(absl::StatusToStringMode::kWithNoExtraData));
  }
}

}  // namespace caviar::agent
