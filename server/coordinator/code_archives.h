// The code of studies that run the user's own program, on its way in and out.
#ifndef CAVIAR_SERVER_COORDINATOR_CODE_ARCHIVES_H_
#define CAVIAR_SERVER_COORDINATOR_CODE_ARCHIVES_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "storage/artifact_store.h"

namespace caviar::coordinator {

// An archive is there before a study names it. One that no study names is kept for a day after it
// came or was asked for: whoever sent it has so long to create the study.
//
// Used by one thread, but for Read. Calls block for as long as the disk takes.
class CodeArchives {
 public:
  // Archives of at most `max_bytes` are taken.
  CodeArchives(storage::ArtifactStore& artifacts, int64_t max_bytes)
      : artifacts_(artifacts), max_bytes_(max_bytes) {}

  // Writes one chunk; the last one makes the archive count. DATA_LOSS: what came does not have the
  // size, checksum or hash that was said; nothing is kept. INVALID_ARGUMENT: it is too large.
  // Others: those of ArtifactStore.
  absl::StatusOr<v1::UploadCodeResponse> Take(const v1::UploadCodeRequest& request);
  // FAILED_PRECONDITION (CODE_MISSING): the study names an archive that is not there, or damaged.
  absl::Status Check(const v1::Study& study);
  // Thread safe. NOT_FOUND: it is not there.
  absl::StatusOr<v1::DownloadCodeResponse> Read(const v1::DownloadCodeRequest& request) const;
  // Removes what `named` (CodeFile of each archive that a study names) does not hold and nobody
  // asked for during the last day.
  void RemoveOthers(const std::set<std::string>& named);

 private:
  // Whether the archive is there and what it should be. It counts as asked for.
  bool IsThere(const v1::CodeArchive& archive);

  storage::ArtifactStore& artifacts_;
  const int64_t max_bytes_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_CODE_ARCHIVES_H_
