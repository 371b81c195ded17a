// What caviar-coordinator does instead of serving: look whether its store is whole, and take a
// backup back.
#ifndef CAVIAR_SERVER_UPKEEP_H_
#define CAVIAR_SERVER_UPKEEP_H_

#include <string>

#include "absl/status/status.h"

namespace caviar {

// Reads all below the data directory and prints what was found there on stdout. DATA_LOSS: it is
// not whole; what is wrong was printed. Other errors, and `vfs`: storage::CheckStore.
absl::Status CheckDataDirectory(const std::string& data_directory, const std::string& vfs);

// Makes the data directory out of a backup and says so on stdout. Errors, and `vfs`:
// storage::Restore.
absl::Status RestoreDataDirectory(const std::string& backup_file, const std::string& data_directory,
                                  const std::string& vfs);

}  // namespace caviar

#endif  // CAVIAR_SERVER_UPKEEP_H_
