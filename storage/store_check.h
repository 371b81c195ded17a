// Whether all that lies in a data directory is whole: `caviar-coordinator --check`.
#ifndef CAVIAR_STORAGE_STORE_CHECK_H_
#define CAVIAR_STORAGE_STORE_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::storage {

struct CheckReport {
  std::vector<std::string> found;   // what was read, a line each
  std::vector<std::string> damage;  // what is wrong, a line each; empty: all is whole
};

// Reads everything: SQLite's structure with all indexes, the schema, foreign keys, the checksum of
// every row, the counters against the rows that they count, the note of what was acknowledged, and
// size and CRC-32 of every file that a row names. Changes nothing. FAILED_PRECONDITION: a
// coordinator runs there, or there is no database, or it is another program's, or of another
// version. `vfs`, here and below: kOneProcessVfs where the folder is on a network's file system.
absl::StatusOr<CheckReport> CheckStore(const std::string& data_directory,
                                       const std::string& vfs = "");

// The same without the lock, for a folder that no coordinator can run in.
absl::StatusOr<CheckReport> CheckUnlockedStore(const std::string& data_directory,
                                               const std::string& vfs = "");

// Only the database, and no note. DATA_LOSS: the first thing that is wrong.
absl::Status CheckDatabase(const std::string& file, const std::string& vfs = "");

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORE_CHECK_H_
