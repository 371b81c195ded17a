// Where an artifact's file lies. Used by the ArtifactStore's .cc files only.
#ifndef CAVIAR_STORAGE_ARTIFACT_PLACE_H_
#define CAVIAR_STORAGE_ARTIFACT_PLACE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/beneath.h"

namespace caviar::storage {

inline constexpr char kArtifactFolder[] = "artifacts";

// A file's folder, opened, and its names in there.
struct ArtifactPlace {
  Descriptor folder;
  std::vector<std::string> segments;
  std::string name;
  std::string unfinished;  // begins with a dot, which no file's name does
};

// `file` as ArtifactStore::Write takes it. `create`: makes the folders that are missing. NOT_FOUND:
// they are not there.
absl::StatusOr<ArtifactPlace> FindArtifactPlace(const std::string& root, const std::string& file,
                                                bool create);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ARTIFACT_PLACE_H_
