#include "storage/statement.h"

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite_error.h"

namespace caviar::storage {
namespace {

absl::string_view Bytes(sqlite3_stmt* statement, int column) {
  const void* bytes = sqlite3_column_blob(statement, column);
  if (bytes == nullptr) return "";
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement, column))};
}

void AddColumn(sqlite3_stmt* statement, int column, RowChecksum& sum) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sum.AddInteger(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return sum.AddReal(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      return sum.AddText(Bytes(statement, column));
    case SQLITE_BLOB:
      return sum.AddBlob(Bytes(statement, column));
    default:
      return sum.AddNull();
  }
}

}  // namespace

Query::Query(Connection& connection, absl::string_view sql) : connection_(connection) {
  absl::StatusOr<sqlite3_stmt*> statement = connection.Prepare(sql);
  if (statement.ok()) {
    statement_ = *statement;
  } else {
    status_ = statement.status();
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  // What reset returns is the error of the last step, which Next has reported.
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::Next() {
  if (!status_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) Check(code);
  // An open statement would keep a rollback, and a checkpoint, from happening.
  sqlite3_reset(statement_);
  return false;
}

bool Query::NextOf(const Table& table) {
  if (!Next()) return false;
  status_ = CheckRow(table);
  if (!status_.ok()) sqlite3_reset(statement_);
  return status_.ok();
}

bool Query::NextOf(const Table& table, const Table& joined) {
  if (!NextOf(table)) return false;
  status_ = CheckRow(joined, table.columns);
  if (!status_.ok()) sqlite3_reset(statement_);
  return status_.ok();
}

absl::Status Query::CheckRow(const Table& table, int first) const {
  const int last = first + table.columns - 1;
  RowChecksum sum;
  for (int i = first; i < last; ++i) AddColumn(statement_, i, sum);
  if (sum.value() == Integer(last)) return absl::OkStatus();
  std::string row;
  for (int i = first; i < first + table.keys; ++i) {
    absl::StrAppend(&row, i > first ? ", " : "", sqlite3_column_name(statement_, i), " ",
                    absl::CHexEscape(Text(i).substr(0, 100)));
  }
  return absl::DataLossError(absl::StrCat(
      sqlite3_db_filename(connection_.handle(), "main"), ": table ", table.name, ", row of ", row,
      ": its checksum does not fit: the file is damaged, or was edited by hand; restore a backup"));
}

absl::Status Query::Run() {
  while (Next()) {
  }
  return status_;
}

std::string Query::Text(int column) const { return std::string(Bytes(statement_, column)); }

std::optional<int64_t> Query::OptionalInteger(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Integer(column);
}

std::optional<double> Query::OptionalReal(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Real(column);
}

void Query::Damaged(int column) {
  if (!status_.ok()) return;
  status_ = absl::DataLossError(absl::StrCat(
      sqlite3_db_filename(connection_.handle(), "main"), ": column '",
      sqlite3_column_name(statement_, column), "' holds '", Text(column),
      "', which is no value of it: the file is damaged, or was edited by hand; restore a backup"));
}

void Query::BindOne(absl::string_view text) {
  sum_.AddText(text);
  const char* bytes = text.data() != nullptr ? text.data() : "";
  Check(
      sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Query::BindOne(Blob blob) {
  sum_.AddBlob(blob.bytes);
  const char* bytes = blob.bytes.data() != nullptr ? blob.bytes.data() : "";
  Check(sqlite3_bind_blob64(statement_, ++bound_, bytes, blob.bytes.size(), SQLITE_TRANSIENT));
}

void Query::Check(int code) {
  if (code == SQLITE_OK || !status_.ok()) return;
  const char* sql = statement_ != nullptr ? sqlite3_sql(statement_) : "";
  status_ = SqliteError(connection_.handle(), code, absl::string_view(sql).substr(0, 100));
}

}  // namespace caviar::storage
