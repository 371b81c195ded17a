// The table `study_activation`.
#ifndef CAVIAR_STORAGE_STUDY_ACTIVATION_TABLE_H_
#define CAVIAR_STORAGE_STUDY_ACTIVATION_TABLE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const StudyActivationRow& row);

// Of studies that are not deleted, by study.
absl::StatusOr<std::vector<StudyActivationRow>> ReadAllStudyActivations(Connection& connection);

// For a migration: those of all studies, as of now, and how long they were ACTIVE until now.
absl::Status WriteFirstActivations(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STUDY_ACTIVATION_TABLE_H_
