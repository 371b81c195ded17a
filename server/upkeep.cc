#include "server/upkeep.h"

#include <cstdio>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/restore.h"
#include "storage/store_check.h"

namespace caviar {

absl::Status CheckDataDirectory(const std::string& data_directory, const std::string& vfs) {
  const absl::StatusOr<storage::CheckReport> report = storage::CheckStore(data_directory, vfs);
  if (!report.ok()) return report.status();
  for (const std::string& line : report->found) std::printf("%s\n", line.c_str());
  for (const std::string& line : report->damage) std::printf("DAMAGED: %s\n", line.c_str());
  if (report->damage.empty()) {
    std::printf("%s is whole\n", data_directory.c_str());
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat(data_directory,
                   " is damaged; keep it as it is, and restore a backup into "
                   "another data directory with --restore"));
}

absl::Status RestoreDataDirectory(const std::string& backup_file, const std::string& data_directory,
                                  const std::string& vfs) {
  const absl::StatusOr<storage::BackupContents> contents =
      storage::Restore(backup_file, data_directory, vfs);
  if (!contents.ok()) return contents.status();
  std::printf(
      "restored %s: all up to commit %lld, with %lld files; leases from before are stale; start "
      "the "
      "coordinator with --data-dir %s\n",
      data_directory.c_str(), static_cast<long long>(contents->commit),
      static_cast<long long>(contents->files), data_directory.c_str());
  return absl::OkStatus();
}

}  // namespace caviar
