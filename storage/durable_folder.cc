#include "storage/durable_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/beneath.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;

absl::Status CannotMake(const std::string& folder, const std::error_code& error) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot make the data directory ", folder.empty() ? "\"\"" : folder, ": ",
                   error.message(), "; name one that can be made and reached"));
}

// Of what is missing: a new folder is on disk once the one that holds it is synced.
std::vector<fs::path> HoldersOfMissing(fs::path folder) {
  std::error_code error;
  std::vector<fs::path> holders;
  for (; !fs::exists(folder, error) && folder.has_relative_path(); folder = folder.parent_path()) {
    holders.push_back(folder.parent_path());
  }
  return holders;
}

}  // namespace

absl::Status SyncFolder(const std::string& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: this file system has nothing to sync.
  if (descriptor.number() >= 0 && (fsync(descriptor.number()) == 0 || errno == EINVAL)) {
    return absl::OkStatus();
  }
  return FileError(errno, absl::StrCat("cannot sync the folder ", folder));
}

absl::Status MakeDataDirectory(const std::string& folder) {
  std::error_code error;
  const fs::path absolute = fs::absolute(folder, error);
  if (error) return CannotMake(folder, error);
  const std::vector<fs::path> holders = HoldersOfMissing(absolute);
  if (fs::create_directories(absolute, error)) {
    fs::permissions(absolute, fs::perms::owner_all, error);
  }
  if (error) return CannotMake(folder, error);
  for (const fs::path& holder : holders) {
    const absl::Status status = SyncFolder(holder.string());
    if (!status.ok()) return absl::FailedPreconditionError(status.message());
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
