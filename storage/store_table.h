// The table `store`: its one row is about the store itself.
#ifndef CAVIAR_STORAGE_STORE_TABLE_H_
#define CAVIAR_STORAGE_STORE_TABLE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

struct StoreRow {
  int64_t epoch = 0;  // in [1, 2^53)
  int64_t commit = 0;
  CountersRow counters;
};

// DATA_LOSS: the row is missing or damaged.
absl::StatusOr<StoreRow> ReadStore(Connection& connection);
absl::Status WriteStore(Connection& connection, const StoreRow& row);

absl::Status WriteRow(const WriteContext& context, const CountersRow& row);

// Makes `commit` the number of the transaction. FAILED_PRECONDITION: it is not the last one + 1.
absl::Status AdvanceCommit(Connection& connection, int64_t commit);

absl::StatusOr<int64_t> ReadCommit(Connection& connection);

// An epoch that no other store has. UNAVAILABLE: the operating system has no randomness.
absl::StatusOr<int64_t> DrawEpoch();

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORE_TABLE_H_
