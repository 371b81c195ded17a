#include "server/coordinator/uploads.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/limits.h"

namespace caviar::coordinator {
namespace {

// A lost answer is asked for again soon; without it the file is sent anew.
constexpr size_t kLastKept = 10'000;

// Where the file lies when it is whole, and while it is not.
struct Names {
  std::string file;
  std::string unfinished;
};

// Two files may be of one step, and neither may take the other's place before its row does. The
// same bytes sent again are a file of their own too, with another `number`: the first one may be
// about to be erased.
Names NamesOf(const Lease& lease, const v1::UploadChunkRequest& request, int64_t number) {
  const std::string folder = absl::StrCat("artifacts/", lease.study_id, "/", lease.number, "/");
  const auto names = [&](absl::string_view kind, absl::string_view ending) {
    const std::string step = absl::StrCat(folder, lease.attempt, "-", kind, "-", request.step());
    const auto crc32 = absl::Hex(request.crc32(), absl::kZeroPad8);
    return Names{absl::StrCat(step, "-", crc32, "-", number, ending), absl::StrCat(step, ending)};
  };
  switch (request.kind()) {
    case v1::Artifact::CHECKPOINT: {
      Names checkpoint = names("checkpoint", ".bin");
      // Many are begun and not all of them finished; only the newest is of use.
      checkpoint.unfinished = absl::StrCat(folder, "checkpoint");
      return checkpoint;
    }
    case v1::Artifact::MODEL:
      return names("model", ".onnx");
    default:
      return names("weights", ".bin");
  }
}

storage::ArtifactRow RowOf(const Lease& lease, const v1::UploadChunkRequest& request,
                           const std::string& file) {
  storage::ArtifactRow row;
  row.attempt = lease.attempt;
  row.kind = request.kind();
  row.step = request.step();
  row.size = request.size();
  row.crc32 = request.crc32();
  row.file = file;
  return row;
}

}  // namespace

bool Uploads::IsLast(const std::string& unfinished, const storage::ArtifactRow& row) const {
  const auto last = last_.find(unfinished);
  return last != last_.end() && last->second.attempt == row.attempt &&
         last->second.kind == row.kind && last->second.step == row.step &&
         last->second.size == row.size && last->second.crc32 == row.crc32;
}

absl::StatusOr<Uploads::Progress> Uploads::Take(const v1::UploadChunkRequest& request) {
  const auto lease = leases_.Find(ToToken(request.token()));
  if (!lease || lease->attempt == 0) {
    return error::WithReason(absl::AbortedError("the lease is over; the file was not taken"),
                             error::kLeaseLost);
  }
  if (request.size() > max_bytes_) {
    return error::InvalidField("size", absl::StrCat("is ", request.size(), " bytes, and ",
                                                    AtMost(max_bytes_, "--max-upload-size")));
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
  const Names names = NamesOf(*lease, request, finished_);
  const storage::ArtifactRow row = RowOf(*lease, request, names.file);
  const bool is_last = progress.received == request.size();
  // Of one chunk, it need not be written again: repeats while there is no room for its row would
  // fill the disk further.
  if (is_last && request.offset() == 0 && IsLast(names.unfinished, row)) {
    progress.whole = last_[names.unfinished];
    return progress;
  }
  const absl::Status written =
      artifacts_.Write(names.unfinished, request.offset(), request.data()).status();
  if (!written.ok() && !(is_last && absl::IsOutOfRange(written))) return written;
  if (!is_last) return progress;
  if (!written.ok() && IsLast(names.unfinished, row)) {
    progress.whole = last_[names.unfinished];
    return progress;
  }
  const absl::Status committed =
      artifacts_.CommitAs(names.unfinished, names.file, request.size(), request.crc32());
  if (!committed.ok()) return written.ok() ? committed : written;
  ++finished_;
  if (last_.size() >= kLastKept) last_.clear();
  last_[names.unfinished] = row;
  progress.whole = row;
  return progress;
}

void Uploads::Forget(const std::string& file) {
  std::erase_if(last_, [&file](const auto& last) { return last.second.file == file; });
}

}  // namespace caviar::coordinator
