// The schema's history: storage/migrations/NNNN_*.sql, built into the program.
#ifndef CAVIAR_STORAGE_MIGRATION_H_
#define CAVIAR_STORAGE_MIGRATION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "storage/connection.h"

namespace caviar::storage {

// "CAVI": tells our files from other programs'.
inline constexpr int64_t kApplicationId = 0x43415649;

struct Migration {
  int64_t version;  // user_version after it; 1, 2, ...
  const char* sql;
};

// All of them, by version; generated from the .sql files.
extern const Migration kMigrations[];
extern const int kMigrationCount;

// The version of the schema that this build writes.
int64_t NewestVersion();

// Whether the file is a Caviar database of a version this build knows, or empty. Changes nothing.
// FAILED_PRECONDITION: another program's, or a newer Caviar's. DATA_LOSS: no database at all. The
// message says what to do.
absl::Status CheckFile(Connection& connection);

// Whether SQLite writes to a checked file that was opened for it. FAILED_PRECONDITION: it opened it
// only to read, which it does without a word where it may not write.
absl::Status CheckWritable(Connection& connection);

// Brings a checked file to the newest version, each step in one transaction. A new store gets its
// epoch here.
absl::Status Migrate(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_MIGRATION_H_
