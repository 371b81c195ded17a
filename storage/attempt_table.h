// The table `attempt`.
#ifndef CAVIAR_STORAGE_ATTEMPT_TABLE_H_
#define CAVIAR_STORAGE_ATTEMPT_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const AttemptRow& row);

// Of studies that are not deleted: all of trials that are not final, and the newest of each final
// trial; by trial and number.
absl::StatusOr<std::vector<AttemptRow>> ReadLiveAttempts(Connection& connection);

// By number.
absl::StatusOr<std::vector<AttemptRow>> ReadAttempts(Connection& connection, int64_t trial_id);

absl::StatusOr<std::optional<AttemptRow>> ReadAttemptWithToken(Connection& connection,
                                                               int64_t token_epoch,
                                                               int64_t token_counter);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ATTEMPT_TABLE_H_
