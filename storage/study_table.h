// The table `study`.
#ifndef CAVIAR_STORAGE_STUDY_TABLE_H_
#define CAVIAR_STORAGE_STUDY_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// INVALID_ARGUMENT: a rule of the schema, or a definition that does not survive JSON.
absl::Status WriteRow(const WriteContext& context, const StudyRow& row);

// All, by id, deleted ones included.
absl::StatusOr<std::vector<StudyRow>> ReadAllStudies(Connection& connection);

// Studies that are not deleted, with larger ids than this, by id.
absl::StatusOr<std::vector<StudyRow>> ReadStudiesAfter(Connection& connection, int64_t after_id,
                                                       int32_t limit);

// NOT_FOUND: there is none of this name that is not deleted.
absl::StatusOr<StudyRow> ReadStudyNamed(Connection& connection, const std::string& name);

absl::StatusOr<bool> IsStudyVisible(Connection& connection, int64_t study_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STUDY_TABLE_H_
