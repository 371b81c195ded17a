#include "storage/database_copy.h"

#include <sqlite3.h>

#include "storage/sqlite_error.h"

namespace caviar::storage {

absl::Status CopyDatabase(Connection& source, const std::string& file) {
  auto copy = Connection::Open(file, Connection::Mode::kReadWriteCreate, "", 0);
  if (!copy.ok()) return copy.status();
  // It is worth nothing after a crash.
  absl::Status status = (*copy)->Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  if (!status.ok()) return status;
  sqlite3* target = (*copy)->handle();
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source.handle(), "main");
  if (backup == nullptr) return SqliteError(target, sqlite3_errcode(target), "beginning a backup");
  // In one step: one that pauses starts again at every commit beside it, and never ends.
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  return SqliteError(target, finished != SQLITE_OK ? finished : stepped, "copying the database");
}

}  // namespace caviar::storage
