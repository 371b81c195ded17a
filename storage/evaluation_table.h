// The tables `evaluation` and `evaluation_metric`, with the rows of `evaluation_class`.
#ifndef CAVIAR_STORAGE_EVALUATION_TABLE_H_
#define CAVIAR_STORAGE_EVALUATION_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const EvaluationRow& row);

// Of studies that are not deleted, by study.
absl::StatusOr<std::vector<EvaluationRow>> ReadAllEvaluations(Connection& connection);

absl::StatusOr<std::optional<EvaluationRow>> ReadEvaluation(Connection& connection,
                                                            int64_t study_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_EVALUATION_TABLE_H_
