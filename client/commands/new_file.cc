#include "client/commands/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"

namespace caviar::commands {
namespace {

absl::Status SystemError(const std::string& path, int error) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(error)));
}

absl::Status Exists(const std::string& path) {
  return absl::AlreadyExistsError(absl::StrCat(path, " exists already; --force overwrites it"));
}

// Whether a file may be put there.
absl::Status CheckTarget(const std::string& path, bool overwrite) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError(path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is a folder; name a file in it"));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is no plain file; name another one"));
  }
  return overwrite ? absl::OkStatus() : Exists(path);
}

}  // namespace

NewFile::NewFile(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {
  const size_t slash = path_.rfind('/');
  folder_ = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  unfinished_ = absl::StrCat(folder_, "/.caviar-", getpid(), ".part");
}

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path, bool overwrite,
                                                         mode_t mode) {
  if (absl::Status status = CheckTarget(path, overwrite); !status.ok()) return status;
  auto file = absl::WrapUnique(new NewFile(path, overwrite));
  unlink(file->unfinished_.c_str());  // of a dead process with the same id
  file->file_ =
      open(file->unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file->file_ < 0) return SystemError(path, errno);
  return file;
}

NewFile::~NewFile() {
  if (file_ < 0) return;
  close(file_);
  unlink(unfinished_.c_str());
}

absl::Status NewFile::Write(absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(file_, data.data(), data.size());
    if (written < 0 && errno != EINTR) return SystemError(path_, errno);
    if (written > 0) data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status NewFile::Finish() {
  if (fsync(file_) != 0) return SystemError(path_, errno);
  int moved = renameat2(AT_FDCWD, unfinished_.c_str(), AT_FDCWD, path_.c_str(),
                        overwrite_ ? 0 : RENAME_NOREPLACE);
  if (moved != 0 && (errno == EINVAL || errno == ENOSYS) && !overwrite_) {
    // Not every file system can refuse to replace; then whoever was quicker has been seen before.
    if (access(path_.c_str(), F_OK) == 0) return Exists(path_);
    moved = rename(unfinished_.c_str(), path_.c_str());
  }
  if (moved != 0) return errno == EEXIST ? Exists(path_) : SystemError(path_, errno);
  close(std::exchange(file_, -1));
  // The name is on disk once the folder is. Some file systems do not sync folders; nothing is wrong
  // with the file then.
  const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return absl::OkStatus();
}

}  // namespace caviar::commands
