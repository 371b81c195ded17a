#include "server/coordinator/uploads.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"

namespace caviar::coordinator {
namespace {

// Where the file lies when it is whole, and while it is not.
struct Names {
  std::string file;
  std::string unfinished;
};

Names NamesOf(const Lease& lease, const v1::UploadChunkRequest& request) {
  const std::string folder = absl::StrCat("artifacts/", lease.study_id, "/", lease.number, "/");
  const std::string attempt = absl::StrCat(folder, lease.attempt);
  switch (request.kind()) {
    case v1::Artifact::CHECKPOINT:
      // Two checkpoints may have one step, and neither may take the other's place before its row
      // does. Many are begun and not all of them finished; only the newest is of use.
      return {absl::StrCat(attempt, "-checkpoint-", request.step(), "-",
                           absl::Hex(request.crc32(), absl::kZeroPad8), ".bin"),
              absl::StrCat(folder, "checkpoint")};
    case v1::Artifact::MODEL: {
      const std::string file = absl::StrCat(attempt, "-model-", request.step(), ".onnx");
      return {file, file};
    }
    default: {
      const std::string file = absl::StrCat(attempt, "-weights-", request.step(), ".bin");
      return {file, file};
    }
  }
}

}  // namespace

absl::StatusOr<Uploads::Progress> Uploads::Take(const v1::UploadChunkRequest& request) {
  const auto lease = leases_.Find(ToToken(request.token()));
  if (!lease || lease->attempt == 0) {
    return error::WithReason(absl::AbortedError("the lease is over; the file was not taken"),
                             error::kLeaseLost);
  }
  Progress progress;
  progress.received = request.offset() + static_cast<int64_t>(request.data().size());
  if (progress.received > request.size()) {
    return error::InvalidField(
        "data", absl::StrCat("goes past the file's size of ", request.size(), " bytes"));
  }
  if (storage::Crc32(request.data()) != request.data_crc32()) {
    return absl::DataLossError("a chunk's checksum does not fit its data; send it again");
  }
  const Names names = NamesOf(*lease, request);
  const absl::Status written =
      artifacts_.Write(names.unfinished, request.offset(), request.data()).status();
  const bool is_last = progress.received == request.size();
  if (!written.ok() && !(is_last && absl::IsOutOfRange(written))) return written;
  if (!is_last) return progress;
  const absl::Status committed =
      artifacts_.CommitAs(names.unfinished, names.file, request.size(), request.crc32());
  if (!committed.ok()) {
    // The last chunk may come again because its answer was lost: then the file is in its place.
    return written.ok() ? committed : written;
  }
  storage::ArtifactRow row;
  row.kind = request.kind();
  row.step = request.step();
  row.size = request.size();
  row.crc32 = request.crc32();
  row.file = names.file;
  progress.whole = row;
  return progress;
}

}  // namespace caviar::coordinator
