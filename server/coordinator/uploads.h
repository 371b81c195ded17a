// Files on their way from workers: chunks go in, and a row comes out when one is whole.
#ifndef CAVIAR_SERVER_COORDINATOR_UPLOADS_H_
#define CAVIAR_SERVER_COORDINATOR_UPLOADS_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/coordinator/lease_table.h"
#include "storage/artifact_store.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Used by one thread. Calls block for as long as the disk takes.
class Uploads {
 public:
  Uploads(const LeaseTable& leases, storage::ArtifactStore& artifacts)
      : leases_(leases), artifacts_(artifacts) {}

  struct Progress {
    int64_t received = 0;
    // Set when the file is whole and durable in its place: now its row can be written.
    std::optional<storage::ArtifactRow> whole;
  };
  // Checks and writes one chunk. Errors: LEASE_LOST; INVALID_ARGUMENT: it passes the file's size;
  // those of ArtifactStore::Write and CommitAs.
  absl::StatusOr<Progress> Take(const v1::UploadChunkRequest& request);

 private:
  const LeaseTable& leases_;
  storage::ArtifactStore& artifacts_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_UPLOADS_H_
