#include "storage/sqlite_error.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace caviar::storage {
namespace {

bool LacksRoom(int system_error) { return system_error == ENOSPC || system_error == EDQUOT; }

int LastErrno(sqlite3_file* file) {
  int error = 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

// The connection knows the errno of all failures but that of a commit's write: that one stays with
// the file, the database or its log.
int SystemError(sqlite3* database, int code) {
  if (code != SQLITE_IOERR_WRITE) return sqlite3_system_errno(database);
  int other = 0;
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database, "main", which, &file);
    const int error = LastErrno(file);
    if (LacksRoom(error)) return error;
    if (error != 0) other = error;
  }
  return other;
}

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
      return LacksRoom(system_error) ? absl::StatusCode::kResourceExhausted
                                     : absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status SqliteError(sqlite3* database, int code, absl::string_view doing) {
  const char* text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  const int system_error = database != nullptr ? SystemError(database, code) : 0;
  const bool is_io = (code & 0xff) == SQLITE_IOERR && system_error != 0;
  return absl::Status(Code(code, system_error),
                      absl::StrCat(file != nullptr ? file : "sqlite", ": ", text,
                                   is_io ? absl::StrCat(", ", std::strerror(system_error)) : "",
                                   " (SQLite code ", code, ") while ", doing));
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
