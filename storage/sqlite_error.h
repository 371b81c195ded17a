// What SQLite's result codes mean to those above.
#ifndef CAVIAR_STORAGE_SQLITE_ERROR_H_
#define CAVIAR_STORAGE_SQLITE_ERROR_H_

#include <sqlite3.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {

// The error of the call on `database` that just returned `code` (an extended result code), with
// `doing` in its message. RESOURCE_EXHAUSTED: the disk is full, or a quota used up.
// INVALID_ARGUMENT: a constraint of the schema. DATA_LOSS: a sync failed, or the file is damaged or
// no database. UNAVAILABLE: all else. `database` may be null where none could be opened.
absl::Status SqliteError(sqlite3* database, int code, absl::string_view doing);

// Whether a COMMIT in WAL mode that returned this extended code failed before its last write to the
// log, so that no later opening finds the transaction. After the last write comes the growing of
// the log's index, for example.
bool LeavesNothingInLog(int code);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_SQLITE_ERROR_H_
