// Backups for those who ask, beside the coordinator.
#ifndef CAVIAR_SERVER_COORDINATOR_BACKUPS_H_
#define CAVIAR_SERVER_COORDINATOR_BACKUPS_H_

#include <atomic>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "caviar/v1/backup_service.pb.h"
#include "server/coordinator/coordinator.h"
#include "server/coordinator/thread_queue.h"
#include "storage/backup.h"

namespace caviar::coordinator {

// One at a time, on a thread of its own: commits, reads and uploads go on. Thread safe.
class Backups {
 public:
  // `take` begins one (storage::Backup::Take).
  explicit Backups(std::function<absl::StatusOr<std::unique_ptr<storage::Backup>>()> take)
      : take_(std::move(take)), queue_("backups", 1) {}

  // Copies all that is stored, and checks the copy. It goes away with the last pointer to it, which
  // must not outlive this. UNAVAILABLE: there is no room. RESOURCE_EXHAUSTED, with
  // kBackupRunning and a delay: another one is being read. DATA_LOSS: the store is damaged.
  void Take(Done<std::shared_ptr<storage::Backup>> done);

  // The next piece, about 256 KiB; the last one has the summary, and no data. One call at a time.
  void Read(std::shared_ptr<storage::Backup> backup, Done<v1::BackUpResponse> done);

 private:
  const std::function<absl::StatusOr<std::unique_ptr<storage::Backup>>()> take_;
  std::atomic<bool> taken_ = false;
  ThreadQueue queue_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_BACKUPS_H_
