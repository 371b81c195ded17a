// A backup as one file.
//
//   backup = magic entry* end
//   magic  = "CAVIAR BACKUP 1\n"
//   entry  = "F" name_size:32 name size:64 bytes crc32:32
//   end    = "E" entries:32 commit:64 crc32:32
//
// with numbers little endian. An entry's CRC-32 is of its bytes, the last one of all before it. The
// first entry is caviar.db; the others are files by their paths relative to the data directory. A
// file that was cut has no end.
#ifndef CAVIAR_STORAGE_BACKUP_FORMAT_H_
#define CAVIAR_STORAGE_BACKUP_FORMAT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {

inline constexpr absl::string_view kBackupMagic = "CAVIAR BACKUP 1\n";

// The CRC-32 of what `sum` is of, and these bytes behind it.
uint32_t ExtendChecksum(uint32_t sum, absl::string_view bytes);

// What stands before an entry's bytes.
std::string BackupEntryHead(absl::string_view name, int64_t size);
// All of the end but its last four bytes.
std::string BackupEnd(uint32_t entries, int64_t commit);
std::string BackupChecksum(uint32_t crc32);

struct BackupContents {
  int64_t commit = 0;
  int64_t files = 0;  // beside the database
  int64_t bytes = 0;  // of the whole backup
};

// Tells one backup from another. (The checksum at the end does not: an entry's bytes and their own
// checksum behind them cancel out in it.)
struct BackupSeal {
  int64_t commit = 0;
  int64_t bytes = 0;            // of the whole backup
  uint32_t database_crc32 = 0;  // what the database says of the other files is in it, too
  bool operator==(const BackupSeal&) const = default;
};

// Reads a few bytes: nothing says that the rest is whole. DATA_LOSS: it is no backup, or was cut.
// NOT_FOUND: there is no such file.
absl::StatusOr<BackupSeal> ReadBackupSeal(const std::string& file);

// What becomes of an entry: called with its name, then with its bytes in pieces.
struct BackupSink {
  std::function<absl::Status(const std::string& name)> begin;
  std::function<absl::Status(absl::string_view bytes)> write;
  std::function<absl::Status()> end;
};

// Reads a whole backup. DATA_LOSS: it is no backup, was cut, or is damaged; the message says where.
// NOT_FOUND: there is no such file. Errors of `sink` end it. An entry's bytes reach the sink before
// they are checked.
absl::StatusOr<BackupContents> ReadBackup(const std::string& file, const BackupSink& sink);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_BACKUP_FORMAT_H_
