// The table `pruner_decision`.
#ifndef CAVIAR_STORAGE_PRUNER_DECISION_TABLE_H_
#define CAVIAR_STORAGE_PRUNER_DECISION_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const PrunerDecisionRow& row);

// Of studies that are not deleted, by trial, step and decision.
absl::StatusOr<std::vector<PrunerDecisionRow>> ReadAllPrunerDecisions(Connection& connection);

// By step and decision.
absl::StatusOr<std::vector<PrunerDecisionRow>> ReadPrunerDecisions(Connection& connection,
                                                                   int64_t trial_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_PRUNER_DECISION_TABLE_H_
