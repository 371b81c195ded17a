// The table `warm_start_trial`.
#ifndef CAVIAR_STORAGE_WARM_START_TRIAL_TABLE_H_
#define CAVIAR_STORAGE_WARM_START_TRIAL_TABLE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// INVALID_ARGUMENT: what the schema, or the reading of its text, would refuse. Both stores ask it.
absl::Status Check(const WarmStartTrialRow& row);

absl::Status WriteRow(const WriteContext& context, const WarmStartTrialRow& row);

// Of studies that are not deleted, by study, source and number.
absl::StatusOr<std::vector<WarmStartTrialRow>> ReadAllWarmStartTrials(Connection& connection);

// As Reader::ListWarmStartTrials.
absl::StatusOr<std::vector<WarmStartTrialRow>> ReadWarmStartTrials(Connection& connection,
                                                                   int64_t study_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_WARM_START_TRIAL_TABLE_H_
