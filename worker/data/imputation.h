// What stands for missing values. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_IMPUTATION_H_
#define CAVIAR_WORKER_DATA_IMPUTATION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/dataset.h"
#include "worker/data/table.h"

namespace caviar::data {

// Of the given rows alone, so that nothing of the validation and test parts gets into training: the
// mean or median of a column's numbers, and its most frequent word, the first in the order of bytes
// of equally frequent ones. INVALID_ARGUMENT: a column has missing values and none in these rows.
absl::StatusOr<Replacements> FindReplacements(const Columns& columns,
                                              const std::vector<int32_t>& rows,
                                              v1::CsvFile::Missing missing);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_IMPUTATION_H_
