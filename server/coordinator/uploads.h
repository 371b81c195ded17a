// Files on their way from workers: chunks go in, and a row comes out when one is whole.
#ifndef CAVIAR_SERVER_COORDINATOR_UPLOADS_H_
#define CAVIAR_SERVER_COORDINATOR_UPLOADS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/coordinator/lease_table.h"
#include "storage/artifact_store.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Used by one thread. Calls block for as long as the disk takes.
class Uploads {
 public:
  // Files of at most `max_bytes` are taken.
  Uploads(const LeaseTable& leases, storage::ArtifactStore& artifacts, int64_t max_bytes)
      : leases_(leases), artifacts_(artifacts), max_bytes_(max_bytes) {}

  struct Progress {
    int64_t received = 0;
    // Set when the file is whole and durable in its place: now its row can be written.
    std::optional<storage::ArtifactRow> whole;
  };
  // Checks and writes one chunk. Errors: LEASE_LOST; INVALID_ARGUMENT: it passes the file's size,
  // or that is too large; those of ArtifactStore::Write and CommitAs.
  absl::StatusOr<Progress> Take(const v1::UploadChunkRequest& request);

  // The file is about to be removed: its last chunk that comes again is one of a file that is not
  // there.
  void Forget(const std::string& file);

 private:
  // Whether `row`, whose file is not named yet, is what was last received there: its last chunk
  // came again because the answer was lost.
  bool IsLast(const std::string& unfinished, const storage::ArtifactRow& row) const;

  const LeaseTable& leases_;
  storage::ArtifactStore& artifacts_;
  const int64_t max_bytes_;
  int64_t finished_ = 0;
  // Of the newest files, by where they lay while they were received.
  std::unordered_map<std::string, storage::ArtifactRow> last_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_UPLOADS_H_
