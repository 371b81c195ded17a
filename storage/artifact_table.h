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
absl::Status WriteRow(const WriteContext& context, const EraseArtifact& key);

// Of studies that are not deleted, by trial, attempt, kind and step.
absl::StatusOr<std::vector<ArtifactRow>> ReadAllArtifacts(Connection& connection);

// By attempt, kind and step.
absl::StatusOr<std::vector<ArtifactRow>> ReadArtifacts(Connection& connection, int64_t trial_id);

// Of a study that is not deleted. NOT_FOUND: there is none.
absl::StatusOr<ArtifactRow> ReadArtifact(Connection& connection, int64_t study_id, int32_t number,
                                         int32_t attempt, v1::Artifact::Kind kind, int64_t step);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ARTIFACT_TABLE_H_
