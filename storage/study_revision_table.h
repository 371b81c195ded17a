// The table `study_revision`.
#ifndef CAVIAR_STORAGE_STUDY_REVISION_TABLE_H_
#define CAVIAR_STORAGE_STUDY_REVISION_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// INVALID_ARGUMENT: a rule of the schema, or a definition that does not survive JSON.
absl::Status WriteRow(const WriteContext& context, const StudyRevisionRow& row);

// Of studies that are not deleted, by study and revision: the first, and those whose pruner is not
// written as the one before.
absl::StatusOr<std::vector<StudyRevisionRow>> ReadPrunerRevisions(Connection& connection);
// By revision.
absl::StatusOr<std::vector<StudyRevisionRow>> ReadStudyRevisions(Connection& connection,
                                                                 int64_t study_id);
absl::StatusOr<std::optional<StudyRevisionRow>> ReadStudyRevision(Connection& connection,
                                                                  int64_t study_id,
                                                                  int32_t revision);

// Fills in the revisions that these are at, or were made under.
absl::Status FillRevisions(Connection& connection, std::vector<StudyRow>& studies);
absl::Status FillRevisions(Connection& connection, std::vector<TrialRow>& trials);

// For a migration: revision 1 of all studies, as they are.
absl::Status WriteFirstRevisions(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STUDY_REVISION_TABLE_H_
