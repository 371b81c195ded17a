#include "server/coordinator/kept_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/beneath.h"
#include "storage/durable_folder.h"

namespace caviar::coordinator {
namespace {

constexpr int kMaxNames = 1000;

bool IsSameFile(const std::string& one, const std::string& other) {
  struct stat a = {}, b = {};
  return lstat(one.c_str(), &a) == 0 && lstat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// 0, or the errno; EEXIST: the name is another file's.
int GiveName(const std::string& file, const std::string& name) {
  if (link(file.c_str(), name.c_str()) == 0) return 0;
  // The name that it was given before this process, or the machine, died.
  if (errno == EEXIST) return IsSameFile(file, name) ? 0 : EEXIST;
  // Not every file system has second names.
  const int moved = renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE);
  return moved == 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::string> KeepCopy(const std::string& file, const std::string& label) {
  std::string name = absl::StrCat(file, ".", label);
  int error = GiveName(file, name);
  for (int i = 2; error == EEXIST && i <= kMaxNames; ++i) {
    name = absl::StrCat(file, ".", label, "-", i);
    error = GiveName(file, name);
  }
  if (error != 0) {
    return storage::FileError(
        error, absl::StrCat("keeping ", file, " as ", name, "; move it away by hand"));
  }
  const absl::Status synced =
      storage::SyncFolder(std::filesystem::path(file).parent_path().string());
  if (!synced.ok()) return synced;
  return name;
}

}  // namespace caviar::coordinator
