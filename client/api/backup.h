// Takes a backup from a coordinator.
#ifndef CAVIAR_CLIENT_API_BACKUP_H_
#define CAVIAR_CLIENT_API_BACKUP_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/backup_service.pb.h"
#include "client/api/credentials.h"

namespace caviar::client {

class RunningCalls;

class BackupDownload {
 public:
  // Of the coordinator at host:port or file:PATH.
  BackupDownload(std::string coordinator, Credentials credentials);
  ~BackupDownload();

  // Calls `on_data` with the pieces, in their order, until the backup is complete and what came
  // fits its checksum. One try. An error of `on_data` ends it and is returned. UNAVAILABLE: no
  // coordinator was reached. RESOURCE_EXHAUSTED with kBackupRunning: another one is being taken;
  // nothing came, and it may be called again. DATA_LOSS: its store is damaged, or something else
  // came than was sent. CANCELLED: by Cancel.
  absl::StatusOr<v1::BackupSummary> Run(
      const std::function<absl::Status(absl::string_view)>& on_data);
  // Ends a Run, and each that follows, from any thread (not from a signal handler).
  void Cancel();

 private:
  const std::string coordinator_;
  const Credentials credentials_;
  const std::unique_ptr<RunningCalls> calls_;
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_BACKUP_H_
