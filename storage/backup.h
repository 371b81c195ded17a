// A copy of a store and its files, taken while it serves.
//
// It is streamed to whoever asked for it, and not written to a path that a caller names: nobody
// gets to write files as the coordinator, and the copy ends up on another machine, where it is of
// use.
#ifndef CAVIAR_STORAGE_BACKUP_H_
#define CAVIAR_STORAGE_BACKUP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/beneath.h"

namespace caviar::storage {

// Everything as of one commit: the database, and every file that a row of it names (weights,
// checkpoints, models). Used by one thread at a time; one at a time for a data directory.
class Backup {
 public:
  // Copies the database into <data_directory>/backup.part, which takes as much room again, and
  // links the files there, so that none goes away before it was read. Commits go on meanwhile, and
  // files come and go. RESOURCE_EXHAUSTED: no room. DATA_LOSS: a file is missing, or a row damaged.
  // `vfs`: as the store's, kOneProcessVfs where that is on a network's file system.
  static absl::StatusOr<std::unique_ptr<Backup>> Take(const std::string& data_directory,
                                                      const std::string& vfs = "");
  // Removes the copy.
  ~Backup();
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  // Checks all of the copied database, so that no backup is made that could not be restored.
  // DATA_LOSS: the store is damaged.
  absl::Status Verify() const;

  // The next bytes of the backup (backup_format.h), about `size` of them; empty: it is complete.
  // DATA_LOSS: a file is damaged.
  absl::StatusOr<std::string> Read(int64_t size);

  int64_t epoch() const { return epoch_; }  // the store's
  int64_t commit() const { return commit_; }
  // Beside the database.
  int64_t files() const { return static_cast<int64_t>(entries_.size()) - 1; }
  // Of all that was read so far, and how much that was.
  uint32_t crc32() const { return crc32_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string name;  // in the backup
    std::string copy;  // below the folder
    int64_t size = 0;
    uint32_t crc32 = 0;  // as stored; of the database none is
  };

  Backup(const std::string& data_directory, const std::string& vfs);
  absl::Status Copy(const std::string& data_directory);
  absl::Status LinkFiles(const std::string& data_directory);
  absl::Status ReadEntry(int64_t size, std::string& bytes);
  // What was read counts.
  void Append(absl::string_view bytes, std::string& all);

  const std::string folder_;
  const std::string vfs_;
  int64_t epoch_ = 0;
  int64_t commit_ = 0;
  std::vector<Entry> entries_;

  size_t next_ = 0;  // entry being read
  Descriptor file_;  // of that entry, where it was begun
  int64_t offset_ = 0;
  uint32_t entry_crc32_ = 0;
  bool begun_ = false;
  bool complete_ = false;
  uint32_t crc32_ = 0;
  int64_t bytes_ = 0;
};

// The last commit of a store that is open in this process.
absl::StatusOr<int64_t> NewestCommit(const std::string& data_directory,
                                     const std::string& vfs = "");

// Removes what a coordinator that was killed left of a backup.
void RemoveUnfinishedBackup(const std::string& data_directory);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_BACKUP_H_
