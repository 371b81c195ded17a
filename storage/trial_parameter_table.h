// The table `trial_parameter`: the configurations.
#ifndef CAVIAR_STORAGE_TRIAL_PARAMETER_TABLE_H_
#define CAVIAR_STORAGE_TRIAL_PARAMETER_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

using Configuration = std::map<std::string, v1::Value>;

// Of a trial that has none yet.
absl::Status InsertConfiguration(const WriteContext& context, int64_t trial_id,
                                 const Configuration& configuration);

// Writes nothing where it is stored already, as in most updates of a trial.
absl::Status WriteConfiguration(const WriteContext& context, int64_t trial_id,
                                const Configuration& configuration);

absl::StatusOr<Configuration> ReadConfiguration(Connection& connection, int64_t trial_id);

// Fills in the configurations of all these trials from one pass over the table.
absl::Status ReadAllConfigurations(Connection& connection, std::vector<TrialRow>& trials);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_PARAMETER_TABLE_H_
