// The table `evaluation_class`: how the test examples of each class did.
#ifndef CAVIAR_STORAGE_EVALUATION_CLASS_TABLE_H_
#define CAVIAR_STORAGE_EVALUATION_CLASS_TABLE_H_

#include "absl/status/status.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// Replaces the rows of the evaluation's study.
absl::Status WriteClasses(const WriteContext& context, const EvaluationRow& row);

// Fills in row.classes, in their order.
absl::Status ReadClasses(Connection& connection, EvaluationRow& row);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_EVALUATION_CLASS_TABLE_H_
