// The table `artifact`.
#ifndef CAVIAR_STORAGE_ARTIFACT_TABLE_H_
#define CAVIAR_STORAGE_ARTIFACT_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const ArtifactRow& row);

// Of studies that are not deleted, by trial, attempt, kind and step.
absl::StatusOr<std::vector<ArtifactRow>> ReadAllArtifacts(Connection& connection);

// By attempt, kind and step.
absl::StatusOr<std::vector<ArtifactRow>> ReadArtifacts(Connection& connection, int64_t trial_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ARTIFACT_TABLE_H_
