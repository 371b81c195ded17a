#include "worker/agent/work_directory.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
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

void RemoveAll(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) {
    AllowRemoval(path);
    fs::remove_all(path, failed);
  }
  if (failed) spdlog::warn("{} cannot be removed: {}", path.string(), failed.message());
}

// Removes the folder but for what is kept; the caller has its lock.
void Remove(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(path, error)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    if (entry.filename() != kKept) RemoveAll(entry);
  }
  rmdir(path.c_str());  // not where something is left
}

// Of what is kept in these folders all but the newest; the caller has their locks.
void BoundKept(const std::vector<std::string>& folders) {
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::error_code error;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::directory_iterator(fs::path(folder) / kKept, error)) {
      std::error_code gone;
      kept.emplace_back(fs::last_write_time(entry.path(), gone), entry.path());
    }
  }
  std::sort(kept.rbegin(), kept.rend());
  for (size_t i = WorkDirectory::kMostKept; i < kept.size(); ++i) {
    const fs::path& path = kept[i].second;
    RemoveAll(path);
    // Where it was the last one.
    if (rmdir(path.parent_path().c_str()) == 0) rmdir(path.parent_path().parent_path().c_str());
  }
}

void RemoveLeftovers(const std::string& shared) {
  std::error_code error;
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(shared, error)) {
    folders.push_back(entry.path().string());
  }
  std::vector<std::string> left;
  std::vector<int> locks;
  for (const std::string& folder : folders) {
    const absl::StatusOr<int> lock = Lock(folder);
    if (!lock.ok() || *lock < 0) continue;
    Remove(folder);
    left.push_back(folder);
    locks.push_back(*lock);
  }
  BoundKept(left);
  for (const int lock : locks) close(lock);
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
