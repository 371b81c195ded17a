#include "storage/connection.h"

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite_error.h"
#include "storage/statement.h"

namespace caviar::storage {

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& file, Mode mode,
                                                             const std::string& vfs,
                                                             int busy_milliseconds) {
  // Counting what SQLite allocates would take a lock each time. Ignored where SQLite is in use.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(uncounted);
  const int access =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &database, access | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    absl::Status status = SqliteError(database, code, absl::StrCat("opening ", file));
    sqlite3_close_v2(database);
    return status;
  }
  std::unique_ptr<Connection> connection = absl::WrapUnique(new Connection(database));
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, busy_milliseconds);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  absl::Status status = connection->Execute(
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON");
  if (!status.ok()) return status;
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

absl::Status Connection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return SqliteError(database_, code, sql.substr(0, 100));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Connection::ReadInteger(absl::string_view sql) {
  Query query(*this, sql);
  if (query.Next()) return query.Integer(0);
  return query.status().ok() ? absl::NotFoundError(absl::StrCat("no row: ", sql)) : query.status();
}

absl::StatusOr<std::string> Connection::ReadText(absl::string_view sql) {
  Query query(*this, sql);
  if (query.Next()) return query.Text(0);
  return query.status().ok() ? absl::NotFoundError(absl::StrCat("no row: ", sql)) : query.status();
}

absl::StatusOr<sqlite3_stmt*> Connection::Prepare(absl::string_view sql) {
  const auto it = statements_.find(sql);
  if (it != statements_.end()) return it->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError(database_, code, absl::StrCat("preparing ", sql));
  statements_.emplace(std::string(sql), statement);
  return statement;
}

void Connection::Rollback() {
  // After some errors SQLite has rolled back by itself. A rollback that fails leaves the
  // transaction open, and the next BEGIN reports it.
  if (sqlite3_get_autocommit(database_) == 0) {
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace caviar::storage
