// Takes a backup back: `caviar-coordinator --restore FILE`.
#ifndef CAVIAR_STORAGE_RESTORE_H_
#define CAVIAR_STORAGE_RESTORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/backup_format.h"

namespace caviar::storage {

// Makes the data directory out of a backup file. It is made where it is missing, and must be empty
// otherwise. The backup is read to its end and checked before anything is written, what was written
// is checked as by CheckStore, and only then put into its place; so a restore that was cut off is
// begun again: what it left is removed first. The store gets a new epoch: tokens that were issued
// before are stale, and none is issued twice. DATA_LOSS: the backup is cut or damaged.
// FAILED_PRECONDITION: the directory is not empty, or in use. NOT_FOUND: no such backup.
// RESOURCE_EXHAUSTED: no room.
// `vfs`: kOneProcessVfs where the data directory is on a network's file system.
absl::StatusOr<BackupContents> Restore(const std::string& backup_file,
                                       const std::string& data_directory,
                                       const std::string& vfs = "");

// Before a store is opened, and with its lock: removes what a restore that was cut off behind its
// last step left. FAILED_PRECONDITION: it was cut off before that, so that there is no store; the
// message names all that it left.
absl::Status EndRestore(const std::string& data_directory);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_RESTORE_H_
