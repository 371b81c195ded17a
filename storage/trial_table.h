// The table `trial`, with `trial_parameter` and `trial_outcome`.
#ifndef CAVIAR_STORAGE_TRIAL_TABLE_H_
#define CAVIAR_STORAGE_TRIAL_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const TrialRow& row);

// All of studies that are not deleted, by study and number.
absl::StatusOr<std::vector<TrialRow>> ReadAllTrials(Connection& connection);

// At most one.
absl::StatusOr<std::vector<TrialRow>> ReadTrial(Connection& connection, int64_t study_id,
                                                int32_t number);

// As Reader::ListTrials and Reader::ListBestTrials.
absl::StatusOr<std::vector<TrialRow>> FindTrials(Connection& connection, const TrialQuery& query);
absl::StatusOr<std::vector<TrialRow>> FindBestTrials(Connection& connection, int64_t study_id,
                                                     const v1::Study& definition, int32_t count);

// Of a trial that there is.
absl::StatusOr<int64_t> ReadTrialNumber(Connection& connection, int64_t id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_TABLE_H_
