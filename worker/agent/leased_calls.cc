#include "worker/agent/leased_calls.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"
#include "worker/agent/wire_text.h"

namespace caviar::agent {
namespace {

// Errors that a broken connection may cause, but a fault of the coordinator's as well: worth some
// tries, not all.
constexpr int kMaxDoubtfulTries = 10;
// A file that comes out damaged is sent, or fetched, this often.
constexpr int kMaxTransfers = 3;
constexpr int64_t kMaxFileBytes = int64_t{1} << 30;
constexpr absl::Duration kGiveBackTimeout = absl::Seconds(5);

absl::Status Ended() { return absl::AbortedError("the lease has ended"); }

// For messages.
std::string NameOf(v1::Artifact::Kind kind) {
  switch (kind) {
    case v1::Artifact::WEIGHTS:
      return "the weights file";
    case v1::Artifact::CHECKPOINT:
      return "the checkpoint";
    case v1::Artifact::MODEL:
      return "the ONNX file";
    default:
      return "the file";
  }
}

bool IsDoubtful(const absl::Status& status) {
  return absl::IsDeadlineExceeded(status) || absl::IsCancelled(status) ||
         absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsAborted(status);
}

}  // namespace

LeasedCalls::LeasedCalls(client::WorkerClient& client, Lease& lease, const BackoffBounds& bounds)
    : client_(client), lease_(lease), backoff_(bounds.min, bounds.max, client::DrawRandom()) {}

bool LeasedCalls::TryAgain(const absl::Status& status) {
  std::optional<absl::Duration> least = client::RetryDelay(status);
  // A missed deadline is how a stalled coordinator looks: never a reason to give up.
  if (!least && absl::IsDeadlineExceeded(status)) least = absl::ZeroDuration();
  if (!least && IsDoubtful(status) && ++doubtful_tries_ < kMaxDoubtfulTries) {
    least = absl::ZeroDuration();
  }
  return least && lease_.Sleep(*least + backoff_.Next());
}

template <typename Attempt>
auto LeasedCalls::Repeat(Attempt attempt, const GiveUp& give_up) -> decltype(attempt()) {
  for (;;) {
    if (!lease_.AwaitSendable()) return Ended();
    auto answer = attempt();
    if (answer.ok()) {
      backoff_.Reset();
      doubtful_tries_ = 0;
      return answer;
    }
    if (error::HasReason(answer.status(), error::kLeaseLost)) lease_.Lose();
    const bool again = !lease_.ended() && !(give_up && give_up(true)) && TryAgain(answer.status());
    if (lease_.ended()) return Ended();
    if (!again) return answer;
  }
}

absl::Status LeasedCalls::Report(const std::vector<v1::Measurement>& measurements) {
  v1::ReportMeasurementsRequest request;
  *request.mutable_token() = lease_.token();
  for (const v1::Measurement& measurement : measurements) {
    *request.add_measurements() = measurement;
  }
  const auto answer = Repeat([&] { return client_.Report(request); });
  if (!answer.ok()) return answer.status();
  if (answer->directive() == v1::DIRECTIVE_STOP) lease_.Stop();
  if (answer->directive() == v1::DIRECTIVE_PAUSE) lease_.Pause();
  return absl::OkStatus();
}

absl::Status LeasedCalls::Upload(v1::Artifact::Kind kind, int64_t step, const std::string& file,
                                 const GiveUp& give_up) {
  const int64_t size = static_cast<int64_t>(file.size());
  if (size > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(NameOf(kind), " has ", size,
                                                   " bytes, the coordinator takes ", kMaxFileBytes,
                                                   "; use fewer or narrower layers"));
  }
  const uint32_t crc32 = client::Crc32(file);
  absl::Status error;
  for (int transfer = 0; transfer < kMaxTransfers; ++transfer) {
    int64_t offset = 0;
    while (offset < size) {
      if (give_up && give_up(false)) return absl::CancelledError("given up");
      const absl::StatusOr<int64_t> received = Repeat(
          [&] { return client_.UploadChunk(lease_.token(), kind, step, file, crc32, offset); },
          give_up);
      error = received.status();
      if (!received.ok()) break;
      if (*received <= offset || *received > size) {
        error =
            absl::DataLossError(absl::StrCat("the coordinator says that it has ", *received, " of ",
                                             size, " bytes, after those from ", offset));
        break;
      }
      offset = *received;
    }
    // A coordinator that was restarted may have lost the start of the file: once more.
    if (!absl::IsDataLoss(error) && !absl::IsOutOfRange(error)) return error;
  }
  return error;
}

absl::StatusOr<std::string> LeasedCalls::Download(const v1::Artifact& artifact) {
  absl::Status error;
  if (artifact.size() < 0 || artifact.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(NameOf(artifact.kind()), " has ",
                                                   artifact.size(), " bytes, at most ",
                                                   kMaxFileBytes, " are fetched"));
  }
  for (int transfer = 0; transfer < kMaxTransfers; ++transfer) {
    std::string file;
    error = absl::OkStatus();
    while (error.ok() && static_cast<int64_t>(file.size()) < artifact.size()) {
      if (lease_.stop_requested()) return absl::CancelledError("the attempt is to stop");
      const absl::StatusOr<std::string> chunk =
          Repeat([&] { return client_.DownloadChunk(artifact, static_cast<int64_t>(file.size())); },
                 [this](bool) { return lease_.stop_requested(); });
      error = chunk.status();
      if (chunk.ok()) file += *chunk;
    }
    if (error.ok() && static_cast<int64_t>(file.size()) == artifact.size() &&
        client::Crc32(file) == artifact.crc32()) {
      return file;
    }
    if (error.ok()) {
      error = absl::DataLossError(absl::StrCat(
          NameOf(artifact.kind()), " came with another size or checksum than it was stored with"));
    }
    if (!absl::IsDataLoss(error)) return error;
  }
  return error;
}

absl::Status LeasedCalls::GiveBack(const std::string& unusable_checkpoint) {
  v1::GiveBackWorkRequest request;
  *request.add_tokens() = lease_.token();
  request.set_unusable_checkpoint(ToWireText(unusable_checkpoint));
  const auto answer = Repeat([&] { return client_.GiveBack(request, kGiveBackTimeout); });
  if (!answer.ok()) return answer.status();
  lease_.Abandon();
  return absl::OkStatus();
}

absl::StatusOr<v1::Trial::State> LeasedCalls::Finish(v1::FinishWorkRequest request) {
  *request.mutable_token() = lease_.token();
  const auto answer = Repeat([&] { return client_.Finish(request); });
  if (!answer.ok()) return answer.status();
  return answer->state();
}

}  // namespace caviar::agent
