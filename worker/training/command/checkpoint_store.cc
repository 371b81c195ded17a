#include "worker/training/command/checkpoint_store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/archive/archive.h"
#include "worker/training/command/attempt_folder.h"
#include "worker/training/command/checkpoint_format.h"
#include "worker/training/command/descriptor.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

absl::Status DiskError(const std::error_code& error, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", error.message()));
}

absl::Status Copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  return error ? DiskError(error, to) : absl::OkStatus();
}

absl::Status SyncOne(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.is_open() && fsync(file.number()) == 0) return absl::OkStatus();
  return DiskError(std::error_code(errno, std::generic_category()), path);
}

// Until it is on the disk.
absl::Status SyncAll(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code gone;
      if (at->is_symlink(gone)) continue;
      if (absl::Status status = SyncOne(at->path().string()); !status.ok()) return status;
    }
    if (error) return DiskError(error, path);
  }
  return SyncOne(path);
}

// An empty folder is what is left of a file system that is not mounted.
bool IsVisible(const std::string& store) {
  std::error_code error;
  return fs::directory_iterator(store, error) != fs::directory_iterator();
}

// Why `path` of the store could not be copied: `status`, or it is not there.
absl::Status ExplainCopy(const std::string& store, const std::string& path,
                         const absl::Status& status) {
  std::error_code error;
  if (fs::exists(path, error) || error) return status;
  if (!IsVisible(store)) {
    return absl::UnavailableError(
        absl::StrCat("checkpoints.store: ", store, " is not there, or empty, on this worker"));
  }
  return absl::InvalidArgumentError(absl::StrCat(path, " is not there"));
}

}  // namespace

CheckpointStore::CheckpointStore(std::string store, const std::string& study, int32_t trial,
                                 int32_t attempt)
    : store_(std::move(store)), folder_(absl::StrCat(study, "/", trial)), attempt_(attempt) {}

std::string CheckpointStore::NameOf(int64_t step) const {
  return absl::StrCat(folder_, "/", attempt_, "-", StepName(step));
}

absl::StatusOr<CheckpointStore::Stored> CheckpointStore::Put(const std::string& source,
                                                             int64_t step) {
  const std::string folder = absl::StrCat(store_, "/", folder_);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return DiskError(error, folder);
  const std::string unfinished = absl::StrCat(folder, "/.", attempt_, "-", StepName(step));
  RemoveFolder(unfinished);
  fs::create_directory(unfinished, error);
  if (error) return DiskError(error, unfinished);
  // Under the name that it will be fetched under: a file's name counts in its fingerprint.
  const std::string copy = absl::StrCat(unfinished, "/", StepName(step));
  if (absl::Status status = Copy(source, copy); !status.ok()) return status;
  auto sum = archive::Fingerprint(copy, {});
  if (!sum.ok()) return sum.status();
  if (absl::Status status = SyncAll(copy); !status.ok()) return status;
  const std::string final_path = absl::StrCat(store_, "/", NameOf(step));
  RemoveFolder(final_path);
  fs::rename(copy, final_path, error);
  if (error) return DiskError(error, final_path);
  RemoveFolder(unfinished);
  if (absl::Status status = SyncOne(folder); !status.ok()) return status;
  return Stored{NameOf(step), *std::move(sum)};
}

void CheckpointStore::Remove(int64_t step) {
  RemoveFolder(absl::StrCat(store_, "/", NameOf(step)));
}

absl::Status FetchStored(const std::string& store, const CheckpointStore::Stored& stored,
                         const std::string& target) {
  const std::string path = absl::StrCat(store, "/", stored.path);
  if (absl::Status status = Copy(path, target); !status.ok()) {
    return ExplainCopy(store, path, status);
  }
  const auto sum = archive::Fingerprint(target, {});
  // A link that leads elsewhere, or a device, was never stored.
  const bool of_another_kind = absl::IsFailedPrecondition(sum.status());
  if (!sum.ok() && !of_another_kind) return absl::UnavailableError(sum.status().message());
  if (of_another_kind || *sum != stored.sha256) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not what was stored there"));
  }
  return absl::OkStatus();
}

}  // namespace caviar::command
