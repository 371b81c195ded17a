// One connection to a SQLite file, and its prepared statements.
#ifndef CAVIAR_STORAGE_CONNECTION_H_
#define CAVIAR_STORAGE_CONNECTION_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {

// A reader's: only the first moments of a log, and a store that just closes, make it wait at all.
inline constexpr int kBusyMilliseconds = 5000;

// Used by one thread at a time.
class Connection {
 public:
  enum class Mode { kReadOnly, kReadWriteCreate };

  // Opens `file` without reading it yet, with all that is to be trusted no further than needed:
  // no functions from the schema, no writes past SQLite, foreign keys checked, cell sizes checked.
  // `vfs` empty: SQLite's own. A lock is waited for up to `busy_milliseconds`.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& file, Mode mode,
                                                          const std::string& vfs,
                                                          int busy_milliseconds);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one or more statements that have no parameters and whose rows nobody wants.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row; an error where there is none.
  absl::StatusOr<int64_t> ReadInteger(absl::string_view sql);
  absl::StatusOr<std::string> ReadText(absl::string_view sql);

  // The prepared form of `sql`, made once and kept with the connection.
  absl::StatusOr<sqlite3_stmt*> Prepare(absl::string_view sql);

  // Ends an open transaction without its changes; no error where none is open.
  void Rollback();

  sqlite3* handle() { return database_; }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}

  sqlite3* const database_;
  absl::flat_hash_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_CONNECTION_H_
