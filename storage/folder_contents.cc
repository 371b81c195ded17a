#include "storage/folder_contents.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {

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

namespace {

absl::Status RemoveWith(const Descriptor& folder, const std::string& name, const std::string& path,
                        const std::set<std::string>& keep) {
  if (unlinkat(folder.number(), name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  if (errno != EISDIR && errno != EPERM) return FileError(errno, absl::StrCat("removing ", name));
  const Descriptor inner = OpenBelow(folder, name);
  if (inner.number() < 0) return FileError(errno, absl::StrCat("opening ", name));
  if (absl::Status status = RemoveBelow(inner, path, keep); !status.ok()) return status;
  return RemoveIfEmpty(folder, name);
}

}  // namespace

absl::Status RemoveBelow(const Descriptor& folder, const std::string& path,
                         const std::set<std::string>& keep) {
  absl::StatusOr<std::vector<std::string>> names = List(OpenBelow(folder, "."));
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string inner_path = absl::StrCat(path, "/", name);
    if (keep.contains(inner_path)) continue;
    if (absl::Status status = RemoveWith(folder, name, inner_path, keep); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status RemoveEntry(const Descriptor& folder, const std::string& name) {
  return RemoveWith(folder, name, name, {});
}

}  // namespace caviar::storage
