#include "worker/agent/leased_calls.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"

namespace caviar::agent {
namespace {

// Errors that a broken connection may cause, but a fault of the coordinator's as well: worth some
// tries, not all.
constexpr int kMaxDoubtfulTries = 10;
// A file that comes out damaged is sent, or fetched, this often.
constexpr int kMaxTransfers = 3;
constexpr int64_t kMaxFileBytes = int64_t{1} << 30;
constexpr absl::Duration kGiveBackTimeout = absl::Seconds(5);
// Short: an attempt's outcome may wait for the last piece.
constexpr absl::Duration kAppendLogTimeout = absl::Seconds(5);

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
  return absl::IsCancelled(status) || absl::IsInternal(status) || absl::IsUnknown(status) ||
         absl::IsAborted(status);
}

}  // namespace

bool IsNotAdmitted(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

LeasedCalls::LeasedCalls(client::WorkerClient& client, Lease& lease, const BackoffBounds& bounds)
    : client_(client),
      lease_(lease),
      bounds_(bounds),
      backoff_(bounds.min, bounds.max, client::DrawRandom()) {}

bool LeasedCalls::TryAgain(const absl::Status& status) {
  std::optional<absl::Duration> least = client::RetryDelay(status);
  // Who is not admitted cannot renew either: the lease ends by itself. Never a reason to give up.
  if (!least && IsNotAdmitted(status)) least = absl::ZeroDuration();
  if (!least && IsDoubtful(status) && ++doubtful_tries_ < kMaxDoubtfulTries) {
    least = absl::ZeroDuration();
  }
  return least && lease_.Sleep(*least + backoff_.Next());
}

template <typename Attempt>
auto LeasedCalls::Repeat(Attempt attempt, LeaseLost lease_lost, const GiveUp& give_up)
    -> decltype(attempt()) {
  for (;;) {
    if (!lease_.AwaitSendable()) return Ended();
    auto answer = attempt();
    if (answer.ok()) {
      backoff_.Reset();
      doubtful_tries_ = 0;
      return answer;
    }
    if (error::HasReason(answer.status(), error::kLeaseLost)) {
      if (lease_lost == LeaseLost::kDoubtful) {
        lease_.Doubt();
        continue;
      }
      lease_.Lose();
    }
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
  const auto answer = Repeat([&] { return client_.Report(request); }, LeaseLost::kFinal);
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
  client::Backoff pause(bounds_.min, bounds_.max, client::DrawRandom());
  for (int damaged = 0;;) {
    absl::Status sent = SendFile(kind, step, file, crc32, give_up);
    // A coordinator that was restarted may have lost the start of the file. That says nothing about
    // the file: once more, as often as it happens.
    const bool again =
        absl::IsOutOfRange(sent) || (absl::IsDataLoss(sent) && ++damaged < kMaxTransfers);
    if (!again || (give_up && give_up(true))) return sent;
    if (!lease_.Sleep(pause.Next())) return Ended();
  }
}

absl::Status LeasedCalls::SendFile(v1::Artifact::Kind kind, int64_t step, const std::string& file,
                                   uint32_t crc32, const GiveUp& give_up) {
  const int64_t size = static_cast<int64_t>(file.size());
  for (int64_t offset = 0; offset < size;) {
    if (give_up && give_up(false)) return absl::CancelledError("given up");
    const absl::StatusOr<int64_t> received =
        Repeat([&] { return client_.UploadChunk(lease_.token(), kind, step, file, crc32, offset); },
               LeaseLost::kDoubtful, give_up);
    if (!received.ok()) return received.status();
    if (*received <= offset || *received > size) {
      return absl::DataLossError(absl::StrCat("the coordinator says that it has ", *received,
                                              " of ", size, " bytes, after those from ", offset));
    }
    offset = *received;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> LeasedCalls::Download(const v1::Artifact& artifact) {
  return Fetch(
      NameOf(artifact.kind()), artifact.size(),
      [&](int64_t offset) { return client_.DownloadChunk(artifact, offset); },
      [&](const std::string& file) { return client::Crc32(file) == artifact.crc32(); });
}

absl::StatusOr<std::string> LeasedCalls::DownloadCode(const v1::CodeArchive& code) {
  return Fetch(
      "the code", code.size(),
      [&](int64_t offset) -> absl::StatusOr<std::string> {
        absl::StatusOr<std::string> chunk = client_.DownloadCode(code.sha256(), offset);
        if (chunk.ok() && chunk->empty()) {
          return absl::DataLossError(absl::StrCat("the coordinator's code archive ends at ", offset,
                                                  " of ", code.size(), " bytes"));
        }
        return chunk;
      },
      [&](const std::string& file) { return vocabulary::Sha256(file) == code.sha256(); });
}

absl::StatusOr<std::string> LeasedCalls::Fetch(
    absl::string_view name, int64_t size,
    const std::function<absl::StatusOr<std::string>(int64_t)>& chunk,
    const std::function<bool(const std::string&)>& is_whole) {
  if (size < 0 || size > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has ", size, " bytes, at most ", kMaxFileBytes, " are fetched"));
  }
  absl::Status error;
  for (int transfer = 0; transfer < kMaxTransfers; ++transfer) {
    std::string file;
    error = absl::OkStatus();
    while (error.ok() && static_cast<int64_t>(file.size()) < size) {
      if (lease_.stop_requested()) return absl::CancelledError("the attempt is to stop");
      const absl::StatusOr<std::string> bytes =
          Repeat([&] { return chunk(static_cast<int64_t>(file.size())); }, LeaseLost::kFinal,
                 [this](bool) { return lease_.stop_requested(); });
      error = bytes.status();
      if (bytes.ok()) file += *bytes;
    }
    if (error.ok() && static_cast<int64_t>(file.size()) == size && is_whole(file)) return file;
    if (error.ok()) {
      error = absl::DataLossError(
          absl::StrCat(name, " came with another size or checksum than it was stored with"));
    }
    if (absl::IsNotFound(error)) {
      // Also the files of a study that has ended are gone: the lease says which it is.
      lease_.Doubt();
      return lease_.AwaitSendable() ? error : Ended();
    }
    if (!absl::IsDataLoss(error)) return error;
  }
  return error;
}

absl::StatusOr<int64_t> LeasedCalls::AppendLog(int64_t offset, absl::string_view data,
                                               const GiveUp& give_up) {
  const auto append = [&](int64_t at, absl::string_view piece) {
    return Repeat([&] { return client_.AppendLog(lease_.token(), at, piece, kAppendLogTimeout); },
                  LeaseLost::kDoubtful, give_up);
  };
  const absl::StatusOr<int64_t> size = append(offset, data);
  return absl::IsOutOfRange(size.status()) ? append(0, "") : size;
}

absl::Status LeasedCalls::GiveBack(v1::GiveBackWorkRequest request) {
  *request.add_tokens() = lease_.token();
  const auto answer =
      Repeat([&] { return client_.GiveBack(request, kGiveBackTimeout); }, LeaseLost::kFinal);
  if (!answer.ok()) return answer.status();
  lease_.Abandon();
  return absl::OkStatus();
}

absl::StatusOr<v1::Trial::State> LeasedCalls::Finish(v1::FinishWorkRequest request) {
  *request.mutable_token() = lease_.token();
  const auto answer = Repeat([&] { return client_.Finish(request); }, LeaseLost::kFinal);
  if (!answer.ok()) return answer.status();
  return answer->state();
}

}  // namespace caviar::agent
