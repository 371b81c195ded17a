// The table `worker`.
#ifndef CAVIAR_STORAGE_WORKER_TABLE_H_
#define CAVIAR_STORAGE_WORKER_TABLE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const WorkerRow& row);
absl::Status WriteRow(const WriteContext& context, const EraseWorker& key);

// By id.
absl::StatusOr<std::vector<WorkerRow>> ReadAllWorkers(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_WORKER_TABLE_H_
