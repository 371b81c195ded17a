#include "server/coordinator/backups.h"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "server/coordinator/disk_full.h"

namespace caviar::coordinator {
namespace {

constexpr int64_t kPiece = 256 << 10;
// Short beside the pause between a coordinator's own copies, so that others get their turn.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

v1::BackUpResponse Summary(const storage::Backup& backup) {
  v1::BackUpResponse response;
  v1::BackupSummary& summary = *response.mutable_summary();
  summary.set_commit(backup.commit());
  summary.set_files(backup.files());
  summary.set_size(backup.bytes());
  summary.set_crc32(backup.crc32());
  return response;
}

}  // namespace

void Backups::Take(Done<std::shared_ptr<storage::Backup>> done) {
  if (taken_.exchange(true)) {
    return done(error::WithRetryDelay(
        absl::ResourceExhaustedError("another backup is being taken; try again when it is done"),
        error::kBackupRunning, kRetryDelay));
  }
  queue_.Post([this, done = std::move(done)] {
    auto taken = take_();
    if (!taken.ok()) {
      taken_ = false;
      return done(RetryWhenThereIsRoom(taken.status()));
    }
    // Its files are removed here, not on the thread that lets go of it.
    const std::shared_ptr<storage::Backup> backup(taken->release(), [this](storage::Backup* old) {
      queue_.Post([this, old] {
        delete old;
        taken_ = false;
      });
    });
    const absl::Status verified = backup->Verify();
    if (!verified.ok()) return done(verified);
    done(backup);
  });
}

void Backups::Read(std::shared_ptr<storage::Backup> backup, Done<v1::BackUpResponse> done) {
  queue_.Post([backup = std::move(backup), done = std::move(done)] {
    absl::StatusOr<std::string> data = backup->Read(kPiece);
    if (!data.ok()) return done(data.status());
    if (data->empty()) return done(Summary(*backup));
    v1::BackUpResponse response;
    response.set_data(*std::move(data));
    done(std::move(response));
  });
}

}  // namespace caviar::coordinator
