#include "worker/training/command/attempt_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "worker/training/command/system_error.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

// A folder without a right to write cannot be emptied.
void AllowRemoval(const fs::path& folder) {
  std::error_code error;
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::add, error);
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::symlink_status(at->path(), ignored).type() == fs::file_type::directory) {
      AllowRemoval(at->path());
    }
  }
}

std::error_code MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error;
}

// Of the folders in there all but the `most` that were changed last.
void RemoveOldest(const std::string& folder, size_t most) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    found.emplace_back(fs::last_write_time(at->path(), gone), at->path().string());
  }
  std::sort(found.rbegin(), found.rend());
  for (size_t i = most; i < found.size(); ++i) RemoveFolder(found[i].second);
}

}  // namespace

void RemoveFolder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return;
  AllowRemoval(path);
  fs::remove_all(path, error);
}

AttemptFolder::AttemptFolder(std::string work_directory, const std::string& name, int64_t number)
    : work_directory_(std::move(work_directory)),
      name_(absl::StrCat(name, ".", number)),
      path_(absl::StrCat(work_directory_, "/running/", name_)),
      socket_(absl::StrCat(work_directory_, "/running/", number)) {}

absl::StatusOr<std::unique_ptr<AttemptFolder>> AttemptFolder::Make(
    const std::string& work_directory, const std::string& name, int64_t number) {
  std::unique_ptr<AttemptFolder> folder(new AttemptFolder(work_directory, name, number));
  RemoveFolder(folder->path_);
  for (const std::string& path :
       {folder->code(), folder->output(), folder->checkpoints(), folder->latest()}) {
    if (const std::error_code error = MakeFolder(path)) {
      return OwnError(error.value(), absl::StrCat("no folder can be made in ", folder->parent()));
    }
  }
  return folder;
}

AttemptFolder::~AttemptFolder() { RemoveFolder(path_); }

absl::StatusOr<std::string> AttemptFolder::Keep() {
  const std::string kept = absl::StrCat(work_directory_, "/kept");
  std::error_code error = MakeFolder(kept);
  if (error) return OwnError(error.value(), kept);
  const std::string path = absl::StrCat(kept, "/", name_);
  RemoveFolder(path);
  fs::rename(path_, path, error);
  if (error) return OwnError(error.value(), path);
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  RemoveOldest(kept, kMostKept);
  return path;
}

}  // namespace caviar::command
