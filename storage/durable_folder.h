// Folders that outlive a power loss.
#ifndef CAVIAR_STORAGE_DURABLE_FOLDER_H_
#define CAVIAR_STORAGE_DURABLE_FOLDER_H_

#include <string>

#include "absl/status/status.h"

namespace caviar::storage {

// What was made, renamed or removed in `folder` is on disk when this returns.
absl::Status SyncFolder(const std::string& folder);

// Makes the data directory, for its owner only, and what is missing above it; on disk when this
// returns. OK where it is there. FAILED_PRECONDITION: it cannot be made or reached.
absl::Status MakeDataDirectory(const std::string& folder);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_DURABLE_FOLDER_H_
