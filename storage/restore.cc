#include "storage/restore.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/artifact_place.h"
#include "storage/beneath.h"
#include "storage/connection.h"
#include "storage/durable_folder.h"
#include "storage/high_water.h"
#include "storage/migration.h"
#include "storage/sqlite_store.h"
#include "storage/store_check.h"
#include "storage/store_lock.h"
#include "storage/store_table.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kPart = "restore.part";
// What is moved into place, in this order: without a database there is no store.
constexpr std::array<const char*, 3> kMoved = {kArtifactFolder, "highwater", kDatabase};

std::string PathIn(const std::string& folder, absl::string_view name) {
  return absl::StrCat(folder, "/", name);
}

absl::Status SystemError(const std::error_code& error, absl::string_view doing) {
  return FileError(error.value(), doing);
}

// An error is no answer: what is there would be taken for another restore's.
absl::StatusOr<bool> IsThere(const std::string& path) {
  struct stat found = {};
  if (lstat(path.c_str(), &found) == 0) return true;
  if (errno == ENOENT) return false;
  return FileError(errno, absl::StrCat("looking for ", path));
}

// Whether a restore began here, and did not come to the database.
absl::StatusOr<bool> WasCutOff(const std::string& data_directory) {
  const absl::StatusOr<bool> begun = IsThere(PathIn(data_directory, kPart));
  if (!begun.ok() || !*begun) return begun;
  const absl::StatusOr<bool> done = IsThere(PathIn(data_directory, kDatabase));
  if (!done.ok()) return done;
  return !*done;
}

absl::Status CheckEmpty(const std::string& data_directory) {
  const absl::StatusOr<bool> cut_off = WasCutOff(data_directory);
  if (!cut_off.ok()) return cut_off.status();
  // What a new file system, and a restore that was cut off, leave there.
  std::set<std::string> harmless = {"caviar.lock", "lost+found", std::string(kPart)};
  if (*cut_off) harmless.insert(kMoved.begin(), kMoved.end());
  std::error_code error;
  for (fs::directory_iterator entry(data_directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (harmless.contains(name)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(data_directory, " is not empty (there is ", absl::CHexEscape(name),
                     "): name a new data directory; nothing was changed"));
  }
  if (error) return SystemError(error, absl::StrCat("listing ", data_directory));
  return absl::OkStatus();
}

absl::Status Remove(const std::string& data_directory, absl::string_view name) {
  std::error_code error;
  const uintmax_t removed = fs::remove_all(PathIn(data_directory, name), error);
  if (error) return SystemError(error, absl::StrCat("removing ", PathIn(data_directory, name)));
  return removed == 0 ? absl::OkStatus() : SyncFolder(data_directory);
}

// Removes what a restore that was cut off, or failed, made. Its folder goes last: wherever this is
// cut off, it says whose the rest is.
absl::Status TakeBack(const std::string& data_directory) {
  for (auto name = kMoved.rbegin(); name != kMoved.rend(); ++name) {
    if (absl::Status status = Remove(data_directory, *name); !status.ok()) return status;
  }
  return Remove(data_directory, kPart);
}

// Only the database, and files where artifacts are: a backup must not write anywhere else.
absl::Status CheckName(const std::string& name) {
  if (name == kDatabase) return absl::OkStatus();
  const absl::StatusOr<std::vector<std::string>> segments = SplitPath(name);
  if (segments.ok() && segments->front() == kArtifactFolder) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the backup holds '", absl::CHexEscape(name),
                                          "', which is no file of a store; use another one"));
}

// Writes the backup's files below `folder`, each on disk when it is complete.
class Extraction {
 public:
  explicit Extraction(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<BackupContents> Run(const std::string& backup_file) {
    const BackupSink sink{[this](const std::string& name) { return Begin(name); },
                          [this](absl::string_view bytes) { return Write(bytes); },
                          [this] { return End(); }};
    return ReadBackup(backup_file, sink);
  }

 private:
  absl::Status Begin(const std::string& name) {
    if (absl::Status status = CheckName(name); !status.ok()) return status;
    path_ = absl::StrCat(folder_, "/", name);
    std::error_code error;
    fs::create_directories(fs::path(path_).parent_path(), error);
    file_ = Descriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                            S_IRUSR | S_IWUSR));
    if (file_.number() >= 0) return absl::OkStatus();
    // Nobody else writes here: what is in the way is the backup's.
    if (errno == EEXIST || errno == ENOTDIR) {
      return absl::DataLossError(
          absl::StrCat("the backup holds '", absl::CHexEscape(name),
                       "' twice, or a file in place of its folder; use another one"));
    }
    return FileError(errno, absl::StrCat("making ", path_));
  }
  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FileError(errno, absl::StrCat("writing ", path_));
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  absl::Status End() {
    if (fsync(file_.number()) != 0) return FileError(errno, absl::StrCat("syncing ", path_));
    file_ = Descriptor();
    return absl::OkStatus();
  }

  const std::string folder_;
  std::string path_;
  Descriptor file_;
};

// Gives the store below `folder` a new epoch, and the note that belongs to it.
absl::Status DrawNewEpoch(const std::string& folder, const std::string& vfs) {
  auto connection =
      Connection::Open(DatabaseFile(folder), Connection::Mode::kReadWriteCreate, vfs, 0);
  if (!connection.ok()) return connection.status();
  absl::StatusOr<StoreRow> store = ReadStore(**connection);
  if (!store.ok()) return store.status();
  const absl::StatusOr<int64_t> epoch = DrawEpoch();
  if (!epoch.ok()) return epoch.status();
  store->epoch = *epoch;
  absl::Status status = (*connection)->Execute("PRAGMA synchronous = FULL");
  if (status.ok()) status = WriteStore(**connection, *store);
  if (status.ok()) status = (*connection)->Execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!status.ok()) return status;
  return WriteHighWater(folder, {store->epoch, store->commit});
}

// A backup may be from before the schema that this build writes.
absl::Status BringUpToDate(const std::string& folder, const std::string& vfs) {
  auto connection =
      Connection::Open(DatabaseFile(folder), Connection::Mode::kReadWriteCreate, vfs, 0);
  if (!connection.ok()) return connection.status();
  if (absl::Status status = CheckFile(**connection); !status.ok()) return status;
  const absl::StatusOr<int64_t> version = (*connection)->ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version == 0) return absl::DataLossError("the backup is damaged: there is no store in it");
  if (absl::Status status = CheckWritable(**connection); !status.ok()) return status;
  return Migrate(**connection);
}

absl::Status CheckExtracted(const std::string& folder, const std::string& vfs) {
  if (absl::Status status = BringUpToDate(folder, vfs); !status.ok()) return status;
  if (absl::Status status = CheckDatabase(DatabaseFile(folder), vfs); !status.ok()) return status;
  if (absl::Status status = DrawNewEpoch(folder, vfs); !status.ok()) return status;
  const absl::StatusOr<CheckReport> report = CheckUnlockedStore(folder, vfs);
  if (!report.ok()) return report.status();
  if (report->damage.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the backup is damaged: ", report->damage.front()));
}

absl::Status MoveInto(const std::string& folder, const std::string& data_directory) {
  for (const absl::string_view name : kMoved) {
    const absl::StatusOr<bool> there = IsThere(PathIn(folder, name));
    if (!there.ok()) return there.status();
    if (!*there && name == kArtifactFolder) continue;  // the backup has none
    std::error_code error;
    fs::rename(PathIn(folder, name), PathIn(data_directory, name), error);
    if (error) return SystemError(error, absl::StrCat("moving ", name));
    if (absl::Status status = SyncFolder(data_directory); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Every folder below, so that no entry of a file is lost.
absl::Status SyncFolders(const std::string& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const bool is_folder = entry->is_directory(error);
    if (error) break;
    if (!is_folder) continue;
    if (absl::Status status = SyncFolder(entry->path().string()); !status.ok()) return status;
  }
  if (error) return SystemError(error, absl::StrCat("listing ", folder));
  return SyncFolder(folder);
}

// Makes the store in a folder of its own, and moves it into place once all of it was checked.
absl::StatusOr<BackupContents> MakeStore(const std::string& backup_file,
                                         const std::string& data_directory,
                                         const std::string& vfs) {
  const std::string folder = PathIn(data_directory, kPart);
  std::error_code error;
  if (!fs::create_directory(folder, error)) {
    return SystemError(error, absl::StrCat("making ", folder));
  }
  absl::StatusOr<BackupContents> contents = Extraction(folder).Run(backup_file);
  absl::Status status = contents.status();
  if (status.ok()) status = CheckExtracted(folder, vfs);
  if (status.ok()) status = SyncFolders(folder);
  // On disk before anything is moved out of it, as it says whose that is.
  if (status.ok()) status = SyncFolder(data_directory);
  if (status.ok()) status = MoveInto(folder, data_directory);
  if (!status.ok()) return status;
  return contents;
}

}  // namespace

absl::StatusOr<BackupContents> Restore(const std::string& backup_file,
                                       const std::string& data_directory, const std::string& vfs) {
  const BackupSink nowhere{[](const std::string& name) { return CheckName(name); },
                           [](absl::string_view) { return absl::OkStatus(); },
                           [] { return absl::OkStatus(); }};
  if (const auto contents = ReadBackup(backup_file, nowhere); !contents.ok()) {
    return contents.status();
  }
  if (absl::Status status = MakeDataDirectory(data_directory); !status.ok()) return status;
  const absl::StatusOr<StoreLock> lock = StoreLock::Acquire(data_directory);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = CheckEmpty(data_directory); !status.ok()) return status;
  if (absl::Status status = TakeBack(data_directory); !status.ok()) return status;
  absl::StatusOr<BackupContents> contents = MakeStore(backup_file, data_directory, vfs);
  // What cannot be removed now is removed by the next try, or start.
  (contents.ok() ? Remove(data_directory, kPart) : TakeBack(data_directory)).IgnoreError();
  return contents;
}

absl::Status EndRestore(const std::string& data_directory) {
  const absl::StatusOr<bool> cut_off = WasCutOff(data_directory);
  if (!cut_off.ok()) return cut_off.status();
  // Else, were the database gone one day, what is left would be taken for a restore's.
  if (!*cut_off) return Remove(data_directory, kPart);
  std::vector<std::string> rest;
  for (const absl::string_view name : kMoved) {
    const absl::StatusOr<bool> there = IsThere(PathIn(data_directory, name));
    if (!there.ok()) return there.status();
    if (*there) rest.push_back(PathIn(data_directory, name));
  }
  rest.push_back(PathIn(data_directory, kPart));
  return absl::FailedPreconditionError(absl::StrCat(
      "a restore into ", data_directory, " was cut off: run it again with --restore, or remove ",
      absl::StrJoin(rest, ", "), " to begin with an empty store"));
}

}  // namespace caviar::storage
