#include "client/api/backup.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/backup_service.grpc.pb.h"
#include "client/api/channel.h"
#include "client/api/coordinator_address.h"
#include "client/api/crc32.h"
#include "client/api/running_calls.h"

namespace caviar::client {

BackupDownload::BackupDownload(std::string coordinator, Credentials credentials)
    : coordinator_(std::move(coordinator)),
      credentials_(std::move(credentials)),
      calls_(std::make_unique<RunningCalls>()) {}

BackupDownload::~BackupDownload() = default;

absl::StatusOr<v1::BackupSummary> BackupDownload::Run(
    const std::function<absl::Status(absl::string_view)>& on_data) {
  const absl::StatusOr<CoordinatorAddress> address = FindCoordinator(coordinator_);
  if (!address.ok()) return address.status();
  const auto stub = v1::BackupService::NewStub(MakeChannel(*address, credentials_));
  grpc::ClientContext context;  // without a deadline: keepalive notices a dead coordinator
  if (!calls_->Enter(context)) return Cancelled();
  const auto reader = stub->BackUp(&context, v1::BackUpRequest());
  v1::BackUpResponse response;
  v1::BackupSummary received;
  absl::Status taken;
  while (reader->Read(&response)) {
    if (!taken.ok()) continue;
    taken = on_data(response.data());
    if (!taken.ok()) context.TryCancel();  // reading goes on until the call has ended
    received.set_size(received.size() + static_cast<int64_t>(response.data().size()));
    received.set_crc32(Crc32(response.data(), received.crc32()));
  }
  const grpc::Status status = reader->Finish();
  const bool cancelled = calls_->Leave(context);
  if (!taken.ok()) return taken;
  if (!status.ok()) return FromGrpcStatus(status, address->host_and_port, cancelled);
  const v1::BackupSummary& sent = response.summary();
  if (sent.size() == received.size() && sent.crc32() == received.crc32()) return sent;
  return absl::DataLossError(absl::StrCat("of the backup ", received.size(),
                                          " bytes came that are not the ", sent.size(),
                                          " bytes that the coordinator sent; try again"));
}

void BackupDownload::Cancel() { calls_->Cancel(); }

}  // namespace caviar::client
