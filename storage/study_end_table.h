// The table `study_end`.
#ifndef CAVIAR_STORAGE_STUDY_END_TABLE_H_
#define CAVIAR_STORAGE_STUDY_END_TABLE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const StudyEndRow& row);
absl::Status WriteRow(const WriteContext& context, const EraseStudyEnd& key);

// By study and revision.
absl::StatusOr<std::vector<StudyEndRow>> ReadAllStudyEnds(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STUDY_END_TABLE_H_
