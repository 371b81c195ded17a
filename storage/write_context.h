// What a table needs to write its rows.
#ifndef CAVIAR_STORAGE_WRITE_CONTEXT_H_
#define CAVIAR_STORAGE_WRITE_CONTEXT_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "storage/connection.h"

namespace caviar::storage {

// Valid within one transaction.
struct WriteContext {
  Connection& connection;
  int64_t commit;  // that the rows remember
  // Ids of metric names seen so far. Thrown away when the transaction fails, as the names may not
  // be there then.
  absl::flat_hash_map<std::string, int64_t>& metric_ids;
  int32_t position = 0;  // of the row in its batch
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_WRITE_CONTEXT_H_
