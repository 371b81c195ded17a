#include "storage/schema_check.h"

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/migration.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

// Names of all that a schema holds, with type, table and SQL.
absl::StatusOr<std::map<std::string, std::string>> ReadSchema(Connection& connection) {
  Query query(connection, "SELECT name, type, tbl_name, sql FROM sqlite_schema");
  std::map<std::string, std::string> schema;
  while (query.Next()) {
    schema[query.Text(0)] = absl::StrCat(query.Text(1), " of ", query.Text(2), ": ", query.Text(3));
  }
  if (!query.status().ok()) return query.status();
  return schema;
}

absl::StatusOr<std::map<std::string, std::string>> MakeNewestSchema() {
  auto connection = Connection::Open(":memory:", Connection::Mode::kReadWriteCreate, "", 0);
  if (!connection.ok()) return connection.status();
  if (absl::Status status = Migrate(**connection); !status.ok()) return status;
  return ReadSchema(**connection);
}

// Made once.
const absl::StatusOr<std::map<std::string, std::string>>& NewestSchema() {
  static const auto* schema =
      new absl::StatusOr<std::map<std::string, std::string>>(MakeNewestSchema());
  return *schema;
}

}  // namespace

absl::Status CheckSchema(Connection& connection) {
  const auto& expected = NewestSchema();
  if (!expected.ok()) return expected.status();
  const auto found = ReadSchema(connection);
  if (!found.ok()) return found.status();
  for (const auto& [name, sql] : *expected) {
    const auto it = found->find(name);
    if (it != found->end() && it->second == sql) continue;
    return absl::DataLossError(
        absl::StrCat(sqlite3_db_filename(connection.handle(), "main"), ": ", name, " is ",
                     it == found->end() ? "missing" : "not what this Caviar makes it",
                     ": the file is damaged, or was edited by hand; restore a backup"));
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
