// The table `trial_count`: how many trials of a study are in each state, kept by triggers.
#ifndef CAVIAR_STORAGE_TRIAL_COUNT_TABLE_H_
#define CAVIAR_STORAGE_TRIAL_COUNT_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/connection.h"
#include "storage/store.h"

namespace caviar::storage {

absl::StatusOr<v1::TrialCounts> CountTrials(Connection& connection, int64_t study_id);

// Whether these trials, all of the studies that are not deleted, are those that are counted. Else
// DATA_LOSS: a row, or more, went missing, or a counter is damaged.
absl::Status CheckCounts(Connection& connection, const std::vector<TrialRow>& trials);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_COUNT_TABLE_H_
