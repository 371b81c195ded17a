#include "storage/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "storage/artifact_place.h"
#include "storage/backup_format.h"
#include "storage/connection.h"
#include "storage/database_copy.h"
#include "storage/sqlite_store.h"
#include "storage/store_check.h"
#include "storage/store_table.h"
#include "storage/stored_files.h"

namespace caviar::storage {
namespace {

constexpr int kTries = 10;

std::string UnfinishedFolder(const std::string& data_directory) {
  return data_directory + "/backup.part";
}

}  // namespace

void RemoveUnfinishedBackup(const std::string& data_directory) {
  std::error_code error;
  std::filesystem::remove_all(UnfinishedFolder(data_directory), error);
}

absl::StatusOr<int64_t> NewestCommit(const std::string& data_directory, const std::string& vfs) {
  auto store = Connection::Open(DatabaseFile(data_directory), Connection::Mode::kReadOnly, vfs,
                                kBusyMilliseconds);
  if (!store.ok()) return store.status();
  return ReadCommit(**store);
}

Backup::Backup(const std::string& data_directory, const std::string& vfs)
    : folder_(UnfinishedFolder(data_directory)), vfs_(vfs) {}

Backup::~Backup() {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

absl::StatusOr<std::unique_ptr<Backup>> Backup::Take(const std::string& data_directory,
                                                     const std::string& vfs) {
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    RemoveUnfinishedBackup(data_directory);
    auto backup = absl::WrapUnique(new Backup(data_directory, vfs));
    status = backup->Copy(data_directory);
    if (status.ok()) return backup;
    // A file that was removed between its row's reading and its linking has no row any more.
    if (!absl::IsNotFound(status)) return status;
  }
  return absl::DataLossError(absl::StrCat(
      "a file that is stored is missing; stop the coordinator and run it with --check (",
      status.message(), ")"));
}

absl::Status Backup::Copy(const std::string& data_directory) {
  if (mkdir(folder_.c_str(), S_IRWXU) != 0) {
    return FileError(errno, absl::StrCat("making ", folder_));
  }
  auto source = Connection::Open(DatabaseFile(data_directory), Connection::Mode::kReadOnly, vfs_,
                                 kBusyMilliseconds);
  if (!source.ok()) return source.status();
  // One moment for all that is read.
  if (absl::Status status = (*source)->Execute("BEGIN"); !status.ok()) return status;
  const absl::StatusOr<StoreRow> store = ReadStore(**source);
  if (!store.ok()) return store.status();
  epoch_ = store->epoch;
  commit_ = store->commit;
  const absl::StatusOr<std::vector<StoredFile>> files = ReadStoredFiles(**source);
  if (!files.ok()) return files.status();
  entries_.push_back({kDatabase, kDatabase, 0, 0});
  for (const StoredFile& file : *files) {
    entries_.push_back({file.name, absl::StrCat(entries_.size()), file.size, file.crc32});
  }
  // First of all: soon the files may be gone.
  if (absl::Status status = LinkFiles(data_directory); !status.ok()) return status;
  const std::string file = DatabaseFile(folder_);
  if (absl::Status status = CopyDatabase(**source, file); !status.ok()) return status;
  std::error_code error;
  entries_.front().size = static_cast<int64_t>(std::filesystem::file_size(file, error));
  return absl::OkStatus();
}

absl::Status Backup::LinkFiles(const std::string& data_directory) {
  const Descriptor folder(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() < 0) return FileError(errno, absl::StrCat("opening ", folder_));
  for (size_t i = 1; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const absl::StatusOr<ArtifactPlace> place =
        FindArtifactPlace(data_directory, entry.name, false);
    if (!place.ok()) return place.status();
    if (linkat(place->folder.number(), place->name.c_str(), folder.number(), entry.copy.c_str(),
               0) != 0) {
      return FileError(errno, absl::StrCat("linking ", data_directory, "/", entry.name));
    }
  }
  return absl::OkStatus();
}

absl::Status Backup::Verify() const { return CheckDatabase(DatabaseFile(folder_), vfs_); }

void Backup::Append(absl::string_view bytes, std::string& all) {
  crc32_ = ExtendChecksum(crc32_, bytes);
  bytes_ += static_cast<int64_t>(bytes.size());
  absl::StrAppend(&all, bytes);
}

absl::StatusOr<std::string> Backup::Read(int64_t size) {
  std::string bytes;
  if (bytes_ == 0) Append(kBackupMagic, bytes);
  while (!complete_ && static_cast<int64_t>(bytes.size()) < size) {
    if (next_ < entries_.size()) {
      if (absl::Status status = ReadEntry(size, bytes); !status.ok()) return status;
      continue;
    }
    Append(BackupEnd(static_cast<uint32_t>(entries_.size()), commit_), bytes);
    Append(BackupChecksum(crc32_), bytes);
    complete_ = true;
  }
  return bytes;
}

absl::Status Backup::ReadEntry(int64_t size, std::string& bytes) {
  const Entry& entry = entries_[next_];
  if (!begun_) {
    const std::string path = absl::StrCat(folder_, "/", entry.copy);
    file_ = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file_.number() < 0) return FileError(errno, absl::StrCat("opening ", path));
    Append(BackupEntryHead(entry.name, entry.size), bytes);
    begun_ = true;
    offset_ = 0;
    entry_crc32_ = 0;
  }
  std::string piece(
      static_cast<size_t>(std::clamp<int64_t>(entry.size - offset_, 0, std::max<int64_t>(size, 1))),
      '\0');
  const ssize_t count = pread(file_.number(), piece.data(), piece.size(), offset_);
  if (count < 0 && errno == EINTR) return absl::OkStatus();
  if (count < 0) return FileError(errno, absl::StrCat("reading ", entry.name));
  piece.resize(static_cast<size_t>(count));
  entry_crc32_ = ExtendChecksum(entry_crc32_, piece);
  offset_ += count;
  Append(piece, bytes);
  if (count > 0 && offset_ < entry.size) return absl::OkStatus();
  const bool stored = next_ > 0;  // with its checksum
  if (offset_ != entry.size || (stored && entry_crc32_ != entry.crc32)) {
    return absl::DataLossError(absl::StrCat(
        entry.name, " is damaged; stop the coordinator and run it with --check for all that is"));
  }
  Append(BackupChecksum(entry_crc32_), bytes);
  file_ = Descriptor();
  begun_ = false;
  ++next_;
  return absl::OkStatus();
}

}  // namespace caviar::storage
