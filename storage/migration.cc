#include "storage/migration.h"

#include <sqlite3.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "storage/store_table.h"
#include "storage/study_activation_table.h"
#include "storage/study_revision_table.h"

namespace caviar::storage {
namespace {

absl::Status InsertStoreRow(Connection& connection) {
  absl::StatusOr<int64_t> epoch = DrawEpoch();
  if (!epoch.ok()) return epoch.status();
  return WriteStore(connection, {*epoch, 0, {1, 1, 1}});
}

absl::Status RunMigration(Connection& connection, const Migration& migration) {
  // A migration may change the text of the schema itself.
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  absl::Status status = connection.Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = connection.Execute(migration.sql);
  if (status.ok() && migration.version == 1) status = InsertStoreRow(connection);
  if (status.ok() && migration.version == 2) status = WriteFirstRevisions(connection);
  if (status.ok() && migration.version == 5) status = WriteFirstActivations(connection);
  if (status.ok()) {
    status =
        connection.Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                        "; PRAGMA user_version = ", migration.version, "; COMMIT"));
  }
  if (!status.ok()) connection.Rollback();
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return status;
}

}  // namespace

int64_t NewestVersion() { return kMigrations[kMigrationCount - 1].version; }

absl::Status CheckFile(Connection& connection) {
  const char* file = sqlite3_db_filename(connection.handle(), "main");
  absl::StatusOr<int64_t> objects = connection.ReadInteger("SELECT count(*) FROM sqlite_schema");
  // A format of SQLite's that there is not is a plain error, of no kind.
  const bool is_unknown = !objects.ok() && sqlite3_errcode(connection.handle()) == SQLITE_ERROR;
  if (absl::IsDataLoss(objects.status()) || is_unknown) {
    return absl::DataLossError(absl::StrCat(
        file,
        " is not a database, or is damaged; restore a backup, or use another data directory: ",
        objects.status().message()));
  }
  if (!objects.ok()) return objects.status();
  absl::StatusOr<int64_t> application = connection.ReadInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  absl::StatusOr<int64_t> version = connection.ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*objects == 0 && *application == 0 && *version == 0) return absl::OkStatus();
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, " is another program's database (application_id ", *application,
                     ", not ", kApplicationId, "); use another data directory"));
  }
  if (*version < 1) {
    return absl::DataLossError(absl::StrCat(file, " is damaged: its schema has version ", *version,
                                            ", which there is not; restore a backup"));
  }
  if (*version > NewestVersion()) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " was written by a newer Caviar (schema version ", *version,
        ", this build knows up to ", NewestVersion(), "); run that one, or restore a backup"));
  }
  return absl::OkStatus();
}

absl::Status CheckWritable(Connection& connection) {
  if (sqlite3_db_readonly(connection.handle(), "main") == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      sqlite3_db_filename(connection.handle(), "main"),
      " can be read but not written: let the coordinator's user write it; if that user may, its "
      "header is damaged: restore a backup into another data directory"));
}

absl::Status Migrate(Connection& connection) {
  absl::StatusOr<int64_t> version = connection.ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  for (int i = 0; i < kMigrationCount; ++i) {
    if (kMigrations[i].version <= *version) continue;
    if (absl::Status status = RunMigration(connection, kMigrations[i]); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
