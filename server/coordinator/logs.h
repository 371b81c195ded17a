// What programs printed: kept for people beside the trials' other files, not promised to survive a
// crash, and in no backup.
#ifndef CAVIAR_SERVER_COORDINATOR_LOGS_H_
#define CAVIAR_SERVER_COORDINATOR_LOGS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/coordinator/lease_table.h"
#include "storage/artifact_store.h"

namespace caviar::coordinator {

// How its name ends.
inline constexpr char kLogEnding[] = "-log.txt";

// The log's file, relative to the data directory.
std::string LogFile(int64_t study_id, int32_t number, int32_t attempt);

// Used by one thread. Calls block for as long as the disk takes.
class Logs {
 public:
  Logs(const LeaseTable& leases, storage::ArtifactStore& artifacts)
      : leases_(leases), artifacts_(artifacts) {}

  // ABORTED (LEASE_LOST): the token's lease is not known, or ended long ago. Each attempt has a log
  // of its own, so that nobody else's is changed. OUT_OF_RANGE: something before the offset is
  // missing. INVALID_ARGUMENT: it passes what a log may hold.
  absl::StatusOr<v1::AppendLogResponse> Append(const v1::AppendLogRequest& request);

 private:
  const LeaseTable& leases_;
  storage::ArtifactStore& artifacts_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_LOGS_H_
