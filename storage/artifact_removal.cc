// The ArtifactStore's ways to remove.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/artifact_place.h"
#include "storage/artifact_store.h"
#include "storage/beneath.h"

namespace caviar::storage {
namespace {

// The names in a folder.
absl::StatusOr<std::vector<std::string>> List(Descriptor folder) {
  std::unique_ptr<DIR, int (*)(DIR*)> list(fdopendir(folder.number()), &closedir);
  if (list == nullptr) return FileError(errno, "listing a folder");
  (void)folder.Release();  // the list's now
  std::vector<std::string> names;
  while (const dirent* entry = readdir(list.get())) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// Removes an empty folder; one that is not stays.
absl::Status RemoveIfEmpty(const Descriptor& parent, const std::string& name) {
  if (unlinkat(parent.number(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT ||
      errno == ENOTEMPTY || errno == EEXIST) {
    return absl::OkStatus();
  }
  return FileError(errno, absl::StrCat("removing ", name));
}

Descriptor OpenBelow(const Descriptor& folder, const std::string& name) {
  return Descriptor(
      openat(folder.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Empties the folder `path`, but for what `keep` names; links themselves and not what they lead to.
absl::Status RemoveBelow(const Descriptor& folder, const std::string& path,
                         const std::set<std::string>& keep) {
  absl::StatusOr<std::vector<std::string>> names = List(OpenBelow(folder, "."));
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string inner_path = absl::StrCat(path, "/", name);
    if (keep.contains(inner_path)) continue;
    if (unlinkat(folder.number(), name.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return FileError(errno, absl::StrCat("removing ", name));
    const Descriptor inner = OpenBelow(folder, name);
    if (inner.number() < 0) return FileError(errno, absl::StrCat("opening ", name));
    absl::Status status = RemoveBelow(inner, inner_path, keep);
    if (status.ok()) status = RemoveIfEmpty(folder, name);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

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
