// The ArtifactStore's ways to remove.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/artifact_place.h"
#include "storage/artifact_store.h"
#include "storage/beneath.h"
#include "storage/folder_contents.h"
#include "storage/usage.h"

namespace caviar::storage {

absl::Status ArtifactStore::Remove(const std::string& file) {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, false);
  if (absl::IsNotFound(place.status())) return absl::OkStatus();
  if (!place.ok()) return place.status();
  if (unlinkat(place->folder.number(), place->name.c_str(), 0) != 0 && errno != ENOENT) {
    return FileError(errno, absl::StrCat("removing ", file));
  }
  return absl::OkStatus();
}

absl::Status ArtifactStore::RemoveOthers(const std::string& folder,
                                         const std::set<std::string>& keep) {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, folder, false);
  if (absl::IsNotFound(place.status())) return absl::OkStatus();
  if (!place.ok()) return place.status();
  absl::StatusOr<Descriptor> opened =
      OpenFolder(data_directory_, place->segments, place->segments.size(), false);
  if (absl::IsNotFound(opened.status())) return absl::OkStatus();
  if (!opened.ok()) return opened.status();
  if (absl::Status status = RemoveBelow(*opened, folder, keep); !status.ok()) return status;
  return RemoveIfEmpty(place->folder, place->name);
}

absl::Status ArtifactStore::RemoveOld(const std::string& folder, const std::set<std::string>& keep,
                                      absl::Duration age) {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, folder, false);
  if (absl::IsNotFound(place.status())) return absl::OkStatus();
  if (!place.ok()) return place.status();
  const Descriptor opened = OpenBelow(place->folder, place->name);
  if (opened.number() < 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(errno, absl::StrCat("opening ", folder));
  }
  absl::StatusOr<std::vector<std::string>> names = List(OpenBelow(opened, "."));
  if (!names.ok()) return names.status();
  const absl::Time oldest = absl::Now() - age;
  for (const std::string& name : *names) {
    struct stat status = {};
    if (keep.contains(absl::StrCat(folder, "/", name)) ||
        fstatat(opened.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        absl::TimeFromTimespec(status.st_mtim) >= oldest) {
      continue;
    }
    if (unlinkat(opened.number(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return FileError(errno, absl::StrCat("removing ", name));
    }
  }
  return absl::OkStatus();
}

FileUsage ArtifactStore::Weigh(const std::string& folder, const std::string& ending) const {
  return WeighFiles(absl::StrCat(data_directory_, "/", folder), ending);
}

int64_t ArtifactStore::FreeBytes() const { return FreeDisk(data_directory_); }

absl::Status ArtifactStore::Sweep(const std::set<std::string>& keep) {
  absl::StatusOr<Descriptor> top = OpenFolder(data_directory_, {kArtifactFolder}, 1, false);
  if (!top.ok()) return top.status();
  absl::StatusOr<std::vector<std::string>> names = List(*std::move(top));
  if (!names.ok()) return names.status();
  absl::Status first;
  for (const std::string& name : *names) {
    const std::string folder = absl::StrCat(kArtifactFolder, "/", name);
    if (!std::all_of(name.begin(), name.end(), absl::ascii_isdigit) || keep.contains(folder)) {
      continue;
    }
    // One that cannot be swept does not keep the others from it.
    first.Update(RemoveOthers(folder, keep));
  }
  return first;
}

}  // namespace caviar::storage
