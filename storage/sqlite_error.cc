#include "storage/sqlite_error.h"

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace caviar::storage {
namespace {

absl::StatusCode Code(int code, int system_error) {
  switch (code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_CORRUPTFS:
      return absl::StatusCode::kDataLoss;
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      // SQLite says FULL only for a plain write; a quota, and growing the shared memory, come here.
      return system_error == ENOSPC || system_error == EDQUOT ? absl::StatusCode::kResourceExhausted
                                                              : absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status SqliteError(sqlite3* database, int code, absl::string_view doing) {
  const char* text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  const int system_error = database != nullptr ? sqlite3_system_errno(database) : 0;
  return absl::Status(Code(code, system_error),
                      absl::StrCat(file != nullptr ? file : "sqlite", ": ", text, " (SQLite code ",
                                   code, ") while ", doing));
}

bool LeavesNothingInLog(int code) {
  switch (code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
      return true;
    default:
      break;
  }
  const int kind = code & 0xff;
  return kind == SQLITE_FULL || kind == SQLITE_CONSTRAINT || kind == SQLITE_BUSY;
}

}  // namespace caviar::storage
