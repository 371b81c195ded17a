#include "storage/artifact_place.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace caviar::storage {

absl::StatusOr<ArtifactPlace> FindArtifactPlace(const std::string& root, const std::string& file,
                                                bool create) {
  absl::StatusOr<std::vector<std::string>> segments = SplitPath(file);
  if (!segments.ok()) return segments.status();
  if (segments->front() != kArtifactFolder) {
    return absl::InvalidArgumentError(
        absl::StrCat("file name '", file, "': must begin with ", kArtifactFolder, "/"));
  }
  absl::StatusOr<Descriptor> folder = OpenFolder(root, *segments, segments->size() - 1, create);
  if (!folder.ok()) return folder.status();
  const std::string name = segments->back();
  return ArtifactPlace{*std::move(folder), *std::move(segments), name,
                       absl::StrCat(".", name, ".part")};
}

}  // namespace caviar::storage
