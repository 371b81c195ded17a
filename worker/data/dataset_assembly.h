// From the contents of files to a dataset. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_DATASET_ASSEMBLY_H_
#define CAVIAR_WORKER_DATA_DATASET_ASSEMBLY_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/dataset.h"
#include "worker/data/table.h"

namespace caviar::data {

// Splits and standardizes. `test`: null where there is none. The dataset shares the tables and
// keeps them alive. INVALID_ARGUMENT: there is nothing to learn in it, or the test part does not
// fit.
absl::StatusOr<std::shared_ptr<const Dataset>> AssembleDataset(
    const std::shared_ptr<const LabeledTable>& train,
    const std::shared_ptr<const LabeledTable>& test, const v1::Dataset& spec, uint32_t seed);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_DATASET_ASSEMBLY_H_
