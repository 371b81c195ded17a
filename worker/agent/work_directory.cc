#include "worker/agent/work_directory.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace caviar::agent {
namespace {

namespace fs = std::filesystem;

constexpr char kKept[] = "kept";
constexpr int kMaxTries = 100;

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": ", why, "; give another --work-dir, on a local disk"));
}

// The folder that this user's workers share.
absl::Status MakePrivate(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Unusable(path, strerror(errno));
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) return Unusable(path, strerror(errno));
  // Below /tmp anybody may have made it.
  if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 077) != 0) {
    return Unusable(path, absl::StrFormat("it is not a folder of this user's alone (owner %d, mode "
                                          "%04o); remove it",
                                          found.st_uid, found.st_mode & 07777));
  }
  return absl::OkStatus();
}

// The lock on a folder; -1: another has it, or it is gone.
absl::StatusOr<int> Lock(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return -1;
  struct stat found = {};
  const bool locked = flock(folder, LOCK_EX | LOCK_NB) == 0;
  const int error = errno;
  // Who had the lock before may have removed it.
  if (locked && fstat(folder, &found) == 0 && found.st_nlink > 0) return folder;
  close(folder);
  if (!locked && error != EWOULDBLOCK) {
    return Unusable(path, absl::StrCat("it cannot be locked: ", strerror(error)));
  }
  return -1;
}

// A folder that a program made read-only cannot be emptied.
void AllowRemoval(const fs::path& path) {
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() != fs::file_type::directory) return;
  fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, ignored);
  for (const auto& entry : fs::directory_iterator(path, ignored)) AllowRemoval(entry.path());
}

// Removes the folder but for what is kept; the caller has its lock.
void Remove(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(path, error)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    if (entry.filename() == kKept) continue;
    std::error_code failed;
    fs::remove_all(entry, failed);
    if (failed) {
      AllowRemoval(entry);
      fs::remove_all(entry, failed);
    }
    if (failed) spdlog::warn("{} cannot be removed: {}", entry.string(), failed.message());
  }
  rmdir(path.c_str());  // not where something is left
}

void RemoveLeftovers(const std::string& shared) {
  std::error_code error;
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(shared, error)) {
    folders.push_back(entry.path().string());
  }
  for (const std::string& folder : folders) {
    const absl::StatusOr<int> lock = Lock(folder);
    if (!lock.ok() || *lock < 0) continue;
    Remove(folder);
    close(*lock);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkDirectory>> WorkDirectory::Make(const std::string& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  const std::string absolute = error ? "" : fs::canonical(parent, error).string();
  if (error) return Unusable(parent, error.message());
  const std::string shared = absl::StrCat(absolute == "/" ? "" : absolute, "/caviar-", geteuid());
  const std::string pattern = absl::StrCat(shared, "/XXXXXX");
  if (pattern.size() > kMaxPathBytes) {
    return Unusable(pattern, absl::StrCat("its path has ", pattern.size(), " bytes, at most ",
                                          kMaxPathBytes, " leave room for a socket's name"));
  }
  const absl::Status made = MakePrivate(shared);
  if (!made.ok()) return made;
  RemoveLeftovers(shared);
  for (int i = 0; i < kMaxTries; ++i) {
    std::string path = pattern;
    if (mkdtemp(path.data()) == nullptr) return Unusable(pattern, strerror(errno));
    const absl::StatusOr<int> lock = Lock(path);
    if (!lock.ok()) {
      rmdir(path.c_str());
      return lock.status();
    }
    if (*lock < 0) continue;  // another worker took it for a leftover
    return std::unique_ptr<WorkDirectory>(new WorkDirectory(path, *lock));
  }
  return Unusable(shared, "other workers remove what is made there");
}

WorkDirectory::~WorkDirectory() {
  Remove(path_);
  close(lock_);
}

}  // namespace caviar::agent
