// BackUp: a stream of a backup's bytes to one client.
#ifndef CAVIAR_SERVER_API_BACKUP_STREAM_H_
#define CAVIAR_SERVER_API_BACKUP_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caviar/v1/backup_service.pb.h"
#include "server/api/door.h"
#include "server/coordinator/backups.h"

namespace caviar::server_api {

// Asks for a backup, then for one piece after the other, each when the one before it was written:
// so a slow client costs no memory. Owns itself until gRPC is done with it.
//
// Ends with OK after the summary, UNAVAILABLE when the server shuts down, CANCELLED when the client
// has gone, or with the coordinator's error.
class BackupStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                           public std::enable_shared_from_this<BackupStream> {
 public:
  // `draining` outlives the server; once it is true, streams end. RESOURCE_EXHAUSTED: the lane is
  // full.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(coordinator::Backups& backups,
                                                           const Door& door,
                                                           grpc::CallbackServerContext* context,
                                                           const std::atomic<bool>& draining);

  BackupStream(coordinator::Backups& backups, const std::atomic<bool>& draining)
      : backups_(backups), draining_(draining) {}

  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override;

 private:
  void ReadNext();
  void Take(absl::StatusOr<v1::BackUpResponse> piece);
  void End(const absl::Status& status);

  coordinator::Backups& backups_;
  const std::atomic<bool>& draining_;
  std::shared_ptr<BackupStream> self_;
  std::atomic<bool> cancelled_ = false;
  std::shared_ptr<storage::Backup> backup_;
  std::optional<Lane::Place> place_;  // until OnDone
  grpc::ByteBuffer writing_;
  size_t writing_size_ = 0;
  bool complete_ = false;  // the summary is being written
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_BACKUP_STREAM_H_
