// The table `store`: the commit number and the counters.
#ifndef CAVIAR_STORAGE_STORE_TABLE_H_
#define CAVIAR_STORAGE_STORE_TABLE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const CountersRow& row);

// Makes `commit` the number of the transaction. FAILED_PRECONDITION: it is not the last one + 1.
absl::Status AdvanceCommit(Connection& connection, int64_t commit);

absl::StatusOr<int64_t> ReadCommit(Connection& connection);

// Fills in commit, store_epoch and counters.
absl::Status ReadStoreRow(Connection& connection, Snapshot& snapshot);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORE_TABLE_H_
