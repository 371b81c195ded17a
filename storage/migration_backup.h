// The copy of a database that a migration leaves behind.
#ifndef CAVIAR_STORAGE_MIGRATION_BACKUP_H_
#define CAVIAR_STORAGE_MIGRATION_BACKUP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/connection.h"

namespace caviar::storage {

// <data_directory>/caviar.db.schema-<version>
std::string MigrationBackupFile(const std::string& data_directory, int64_t version);

// Copies the database, which has this version, beside it, on disk before this returns; a copy of
// the same version from before is replaced. Where it stands in for caviar.db (with caviar.db-wal
// and caviar.db-shm removed), an older Caviar goes on from there. RESOURCE_EXHAUSTED: no room; the
// message says so.
absl::StatusOr<std::string> BackUpBeforeMigration(Connection& connection,
                                                  const std::string& data_directory,
                                                  int64_t version);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_MIGRATION_BACKUP_H_
