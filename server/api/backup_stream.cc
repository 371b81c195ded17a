#include "server/api/backup_stream.h"

#include <utility>

#include "caviar/v1/error_detail.h"
#include "server/api/status.h"
#include "server/api/unary.h"

namespace caviar::server_api {

grpc::ServerWriteReactor<grpc::ByteBuffer>* BackupStream::Start(
    coordinator::Backups& backups, const Door& door, grpc::CallbackServerContext* context,
    const std::atomic<bool>& draining) {
  const auto stream = std::make_shared<BackupStream>(backups, draining);
  stream->self_ = stream;
  absl::StatusOr<Lane::Place> place = door.Enter(*context, 0);
  if (!place.ok()) {
    stream->Finish(Refusal(place.status(), *context));
    return stream.get();
  }
  stream->place_.emplace(*std::move(place));
  backups.Take([stream](absl::StatusOr<std::shared_ptr<storage::Backup>> backup) {
    if (!backup.ok()) return stream->End(backup.status());
    stream->backup_ = *std::move(backup);
    stream->ReadNext();
  });
  return stream.get();
}

void BackupStream::ReadNext() {
  if (cancelled_) return End(absl::CancelledError("the client has gone"));
  if (draining_) return End(error::ShuttingDown());
  backups_.Read(backup_, [self = shared_from_this()](absl::StatusOr<v1::BackUpResponse> piece) {
    self->Take(std::move(piece));
  });
}

void BackupStream::Take(absl::StatusOr<v1::BackUpResponse> piece) {
  if (!piece.ok()) return End(piece.status());
  complete_ = piece->has_summary();
  WriteBytes(*piece, writing_);
  writing_size_ = writing_.Length();
  place_->Sending(writing_size_);
  StartWrite(&writing_);
}

void BackupStream::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError("the client has gone"));
  place_->Sent(writing_size_);
  if (complete_) return End(absl::OkStatus());
  ReadNext();
}

void BackupStream::End(const absl::Status& status) {
  backup_.reset();
  Finish(ToGrpcStatus(status));
}

void BackupStream::OnDone() {
  place_.reset();
  // Last: it may destroy this.
  const std::shared_ptr<BackupStream> self = std::move(self_);
}

}  // namespace caviar::server_api
