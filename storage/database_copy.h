// A database copied to another file while it is in use.
#ifndef CAVIAR_STORAGE_DATABASE_COPY_H_
#define CAVIAR_STORAGE_DATABASE_COPY_H_

#include <string>

#include "absl/status/status.h"
#include "storage/connection.h"

namespace caviar::storage {

// As of one moment, the log included. The copy is not synced.
absl::Status CopyDatabase(Connection& source, const std::string& file);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_DATABASE_COPY_H_
