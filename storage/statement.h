// One use of a prepared statement.
#ifndef CAVIAR_STORAGE_STATEMENT_H_
#define CAVIAR_STORAGE_STATEMENT_H_

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/connection.h"
#include "storage/row_checksum.h"
#include "storage/tables.h"

namespace caviar::storage {

// Bytes that are no text.
struct Blob {
  absl::string_view bytes;
};

// Prepares (or finds) `sql`, binds, steps, and leaves the statement reset when it goes away. Errors
// are kept: after the first one nothing more happens, and status() says what it was. The same SQL
// must not be in use twice at once.
//
//   Query query(connection, "SELECT id FROM study WHERE name = ?");
//   query.Bind(name);
//   while (query.Next()) ids.push_back(query.Integer(0));
//   return query.status();
class Query {
 public:
  Query(Connection& connection, absl::string_view sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Binds the values to the next parameters, in order. An empty optional is NULL. Texts are copied.
  template <typename... Values>
  Query& Bind(const Values&... values) {
    (BindOne(values), ...);
    return *this;
  }

  // Binds the checksum of all that was bound so far: a row's last column.
  Query& BindChecksum() {
    BindOne(sum_.value());
    return *this;
  }

  // Steps to the next row; false: there is none, or an error.
  bool Next();
  // The same, for queries whose first columns are all of `table`'s, in its order. A row whose
  // checksum does not fit is DATA_LOSS; the message says where it is and what to do.
  bool NextOf(const Table& table);
  // The same where all columns of `joined` follow.
  bool NextOf(const Table& table, const Table& joined);
  // Whether the checksum fits the row of `table` that begins at column `first`, as NextOf asks.
  absl::Status CheckRow(const Table& table, int first = 0) const;
  // Steps to the end.
  absl::Status Run();
  const absl::Status& status() const { return status_; }

  // Columns of the row, from 0.
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }  // NULL: 0
  int32_t Integer32(int column) const { return static_cast<int32_t>(Integer(column)); }
  double Real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string Text(int column) const;  // NULL: ""; blobs too
  std::optional<int64_t> OptionalInteger(int column) const;
  std::optional<double> OptionalReal(int column) const;

  // A word of an enum, by its generated X_Parse. NULL: its zero. An unknown word is DATA_LOSS.
  template <typename Enum>
  Enum Word(int column, bool (*parse)(const std::string&, Enum*)) {
    Enum value = static_cast<Enum>(0);
    if (!IsNull(column) && !parse(Text(column), &value)) Damaged(column);
    return value;
  }
  // Notes that the column holds what nobody can have written there.
  void Damaged(int column);

 private:
  void BindOne(int64_t value) {
    sum_.AddInteger(value);
    Check(sqlite3_bind_int64(statement_, ++bound_, value));
  }
  void BindOne(int32_t value) { BindOne(static_cast<int64_t>(value)); }
  void BindOne(uint32_t value) { BindOne(static_cast<int64_t>(value)); }
  void BindOne(bool value) { BindOne(static_cast<int64_t>(value)); }
  void BindOne(double value) {
    sum_.AddReal(value);
    Check(sqlite3_bind_double(statement_, ++bound_, value));
  }
  void BindOne(std::nullopt_t) {
    sum_.AddNull();
    Check(sqlite3_bind_null(statement_, ++bound_));
  }
  void BindOne(absl::string_view text);
  void BindOne(const std::string& text) { BindOne(absl::string_view(text)); }
  void BindOne(const char* text) { BindOne(absl::string_view(text)); }
  void BindOne(Blob blob);
  template <typename T>
  void BindOne(const std::optional<T>& value) {
    if (value.has_value()) {
      BindOne(*value);
    } else {
      BindOne(std::nullopt);
    }
  }
  void Check(int code);

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  absl::Status status_;
  int bound_ = 0;
  RowChecksum sum_;  // of what was bound
};

// A time column: 0 is NULL.
inline std::optional<int64_t> TimeOrNull(int64_t time) {
  return time == 0 ? std::nullopt : std::optional<int64_t>(time);
}
// A text column in which "" is NULL.
inline std::optional<absl::string_view> TextOrNull(absl::string_view text) {
  return text.empty() ? std::nullopt : std::optional<absl::string_view>(text);
}

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STATEMENT_H_
