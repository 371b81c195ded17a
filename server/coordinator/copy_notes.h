// Which store a copy is of, noted beside it: <copy>.store.
//
//   notes = "caviar-copies 1" (" " epoch " " commit " " bytes " " crc32)+ " " crc32 "\n"
//
// with numbers in decimal, the CRC-32s in 8 hexadecimal digits: of the copy's database, and at the
// end of all before its own space. There are as many notes as copies that may be there: a new one
// is noted before it takes the place of the old one.
#ifndef CAVIAR_SERVER_COORDINATOR_COPY_NOTES_H_
#define CAVIAR_SERVER_COORDINATOR_COPY_NOTES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/backup_format.h"

namespace caviar::coordinator {

struct CopyNote {
  int64_t epoch = 0;
  storage::BackupSeal seal;
};

using CopyNotes = std::vector<CopyNote>;

// None where there is no such file, or a damaged one.
absl::StatusOr<CopyNotes> ReadCopyNotes(const std::string& copy);

// Replaces them as a whole, on disk before this returns.
absl::Status WriteCopyNotes(const std::string& copy, const CopyNotes& notes);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_COPY_NOTES_H_
