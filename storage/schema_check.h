// Whether a file's tables, indexes, triggers and views are those of this build.
#ifndef CAVIAR_STORAGE_SCHEMA_CHECK_H_
#define CAVIAR_STORAGE_SCHEMA_CHECK_H_

#include "absl/status/status.h"
#include "storage/connection.h"

namespace caviar::storage {

// Of a file of the newest version. What somebody added by hand is left alone. DATA_LOSS: something
// is missing or reads otherwise, by damage or by hand; the message names it.
absl::Status CheckSchema(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_SCHEMA_CHECK_H_
