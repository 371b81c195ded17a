#include "storage/migration_backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/beneath.h"
#include "storage/database_copy.h"
#include "storage/sqlite_error.h"

namespace caviar::storage {
namespace {

absl::Status Sync(const std::string& path, int flags) {
  const Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (descriptor.number() < 0) return FileError(errno, absl::StrCat("opening ", path));
  // EINVAL: this file system has nothing to sync.
  if (fsync(descriptor.number()) == 0 || errno == EINVAL) return absl::OkStatus();
  return FileError(errno, absl::StrCat("syncing ", path));
}

}  // namespace

std::string MigrationBackupFile(const std::string& data_directory, int64_t version) {
  return absl::StrCat(data_directory, "/caviar.db.schema-", version);
}

absl::StatusOr<std::string> BackUpBeforeMigration(Connection& connection,
                                                  const std::string& data_directory,
                                                  int64_t version) {
  const std::string file = MigrationBackupFile(data_directory, version);
  const std::string part = file + ".part";
  std::error_code error;
  std::filesystem::remove(part, error);
  absl::Status status = CopyDatabase(connection, part);
  if (status.ok() && chmod(part.c_str(), S_IRUSR | S_IWUSR) != 0) {
    status = FileError(errno, absl::StrCat("closing ", part, " to others"));
  }
  if (status.ok()) status = Sync(part, 0);
  if (status.ok() && std::rename(part.c_str(), file.c_str()) != 0) {
    status = FileError(errno, absl::StrCat("making ", file));
  }
  if (status.ok()) status = Sync(data_directory, O_DIRECTORY);
  if (status.ok()) return file;
  std::filesystem::remove(part, error);
  return absl::Status(
      status.code(),
      absl::StrCat("cannot copy the database before its schema changes, so nothing was changed (",
                   std::string(status.message()), "); make room in ", data_directory,
                   " and start again"));
}

}  // namespace caviar::storage
